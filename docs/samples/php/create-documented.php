<?php
require 'dna.php';

$query = http_build_query([
    'has_subreseller_id' => 'true',
    'subreseller_id' => '1234',
    'email' => 'email@email.com',
    'first_name' => 'Steve',
    'last_name' => 'Harris',
    'zipcode' => '33134',
    'address' => '126 Mendoza avenue aparment 7A',
    'same_billing_address' => 'true',
]);
$reply = done(dna('POST', "/api/residential/client?$query", [], getenv('TOKEN')));
echo "client {$reply[0]['client']['id']}: {$reply[0]['client']['ns_domain']}\n";
