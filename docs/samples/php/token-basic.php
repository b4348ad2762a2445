<?php
require 'dna.php';

$curl = curl_init(API_URL . '/api/oauth/token');
curl_setopt_array($curl, [
    CURLOPT_USERPWD => API_CLIENT_ID . ':' . API_CLIENT_SECRET,
    CURLOPT_POSTFIELDS => http_build_query([
        'grant_type' => 'password',
        'username' => API_USERNAME,
        'password' => API_PASSWORD,
    ]),
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_TIMEOUT => 20,
]);
echo curl_exec($curl), "\n";
