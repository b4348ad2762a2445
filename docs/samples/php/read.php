<?php
require 'dna.php';

$reply = done(dna('GET', '/api/residential/client/' . getenv('ID'), [], getenv('TOKEN')));
echo "client {$reply['client']['id']} is {$reply['client']['status']}\n";
