<?php
require 'dna.php';

$rows = <<<'CSV'
    customer_id,first_name,last_name,email,zipcode,address,has_subreseller_id,same_billing_address
    B-1,Ana,Ruiz,ana@example.com,33134,1 Main Street,false,true
    B-2,Ben,Ruiz,ben@example.com,02134,2 Main Street,false,true
    CSV;
$curl = curl_init(API_URL . '/api/residential/client/import?mode=rows');
curl_setopt_array($curl, [
    CURLOPT_HTTPHEADER => ['Authorization: Bearer ' . getenv('TOKEN'), 'Content-Type: text/csv'],
    CURLOPT_POSTFIELDS => $rows,
    CURLOPT_RETURNTRANSFER => true,
]);
foreach (explode("\n", trim(curl_exec($curl))) as $line) {
    $outcome = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
    echo isset($outcome['row']) ? "row {$outcome['row']}: {$outcome['result']}\n" : "{$outcome['created']} created\n";
}
