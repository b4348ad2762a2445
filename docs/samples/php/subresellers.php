<?php
require 'dna.php';

$page = ['limit' => 100];
do {
    $reply = done(dna('GET', '/api/residential/subreseller?' . http_build_query($page), [], getenv('TOKEN')));
    foreach ($reply['subresellers'] as $one) {
        echo "{$one['subreseller_id']}: {$one['clients']['active']} of {$one['clients']['total']} active\n";
    }
    $page['after'] = $reply['next'];
} while ($reply['next'] !== null);
