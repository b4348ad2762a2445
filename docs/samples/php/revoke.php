<?php
require 'dna.php';

done(dna('POST', '/api/oauth/revoke', [
    'client_id' => API_CLIENT_ID,
    'client_secret' => API_CLIENT_SECRET,
    'token' => getenv('REFRESH_TOKEN'), // either token ends the whole login
]));
echo "logged out\n";
