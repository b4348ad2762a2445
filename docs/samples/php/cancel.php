<?php
require 'dna.php';

$reply = done(dna('POST', '/api/residential/client/' . getenv('ID') . '/cancel', [
    'reason' => 'moved out',
], getenv('TOKEN')));
echo "client {$reply['client']['id']} is {$reply['client']['status']}\n";
