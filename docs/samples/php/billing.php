<?php
require 'dna.php';

[$days, $page] = [[], ['month' => gmdate('Y-m'), 'limit' => 200]];
do {
    $reply = done(dna('GET', '/api/residential/billing?' . http_build_query($page), [], getenv('TOKEN')));
    foreach ($reply['subresellers'] as $group) {
        $name = $group['subreseller_id'] ?? 'none';
        $days[$name] = ($days[$name] ?? 0) + $group['days']; // a subreseller may go on on the next page
    }
    $page['after'] = $reply['next'];
} while ($reply['next'] !== null);
echo json_encode($days), "\n";
