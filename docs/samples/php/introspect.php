<?php
require 'dna.php';

$reply = done(dna('POST', '/api/oauth/introspect', [
    'client_id' => API_CLIENT_ID,
    'client_secret' => API_CLIENT_SECRET,
    'token' => getenv('TOKEN'),
]));
echo $reply['active'] ? "good for {$reply['scope']}\n" : "good for nothing\n";
