<?php
require 'dna.php';

$curl = curl_init(API_URL . '/api/residential/client/export?status=active&format=csv');
curl_setopt_array($curl, [
    CURLOPT_HTTPHEADER => ['Authorization: Bearer ' . getenv('TOKEN')],
    CURLOPT_FILE => fopen('clients.csv', 'wb'), // as it comes, however long it is
]);
if (!curl_exec($curl) || curl_getinfo($curl, CURLINFO_RESPONSE_CODE) !== 200) {
    throw new RuntimeException('The export failed, or was cut off: ' . curl_error($curl));
}
curl_close($curl);
echo filesize('clients.csv'), " bytes\n";
