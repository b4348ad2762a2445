<?php
require 'dna.php';

$cursor = 'feed.cursor'; // kept from one run to the next
do {
    $after = is_file($cursor) ? ['after' => file_get_contents($cursor)] : [];
    $reply = done(dna('GET', '/api/residential/event?' . http_build_query($after), [], getenv('TOKEN')));
    foreach ($reply['events'] as $event) {
        echo "{$event['at']} {$event['client']['ns_domain']} {$event['type']}\n";
    }
    if ($reply['next'] !== null) {
        file_put_contents($cursor, $reply['next']); // once what it brought is dealt with
    }
} while ($reply['events'] !== []);
