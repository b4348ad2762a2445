<?php
require 'dna.php';

$page = ['status' => 'active', 'limit' => 100];
do {
    $reply = done(dna('GET', '/api/residential/client?' . http_build_query($page), [], getenv('TOKEN')));
    foreach ($reply['clients'] as $client) {
        echo "{$client['id']} {$client['ns_domain']}: {$client['status']}\n";
    }
    $page['after'] = $reply['next'];
} while ($reply['next'] !== null);
