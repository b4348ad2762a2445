<?php
require 'dna.php';

$reply = done(dna('PATCH', '/api/residential/client/' . getenv('ID'), [
    'email' => 'steve@example.com',
    'address' => '1 Ponce de Leon',
], getenv('TOKEN')));
echo "client {$reply['client']['id']} is at {$reply['client']['address']}\n";
