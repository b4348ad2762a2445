<?php
// Save this as dna.php: the other samples use it. PHP 8 with its curl extension.
const API_URL = 'https://api.example.com';
const API_CLIENT_ID = 'your-client-id';
const API_CLIENT_SECRET = 'your-client-secret';
const API_USERNAME = 'your-username';
const API_PASSWORD = 'your-password';

// One request: the status and the decoded reply. The parameters of a POST or PATCH go into its body.
function dna(string $method, string $path, array $parameters = [], ?string $token = null, array $headers = []): array
{
    $headers[] = 'Accept: application/json';
    if ($token !== null) {
        $headers[] = "Authorization: Bearer $token";
    }
    $curl = curl_init(API_URL . $path);
    curl_setopt_array($curl, [
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_HTTPHEADER => $headers,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 20,
    ]);
    if ($method !== 'GET') {
        curl_setopt($curl, CURLOPT_POSTFIELDS, http_build_query($parameters));
    }
    $body = curl_exec($curl);
    if ($body === false) {
        throw new RuntimeException(curl_error($curl));
    }
    return [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), json_decode($body, true, 512, JSON_THROW_ON_ERROR)];
}

// The reply of a request that must succeed.
function done(array $answer): array
{
    [$status, $reply] = $answer;
    if ($status >= 300) {
        throw new RuntimeException("$status {$reply['error']}: {$reply['message']}");
    }
    return $reply;
}
