<?php
require 'dna.php';

$key = bin2hex(random_bytes(16)); // one key for one thing to do, made before the first try
foreach ([1, 2] as $try) {
    $reply = done(dna('POST', '/api/residential/client/' . getenv('ID') . '/activate', [], getenv('TOKEN'),
        ["Idempotency-Key: $key"]));
    echo "try $try: {$reply['client']['status']} since {$reply['timestamp']}\n";
}
