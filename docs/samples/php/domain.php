<?php
require 'dna.php';

$reply = done(dna('GET', '/api/residential/domain/' . getenv('NS_DOMAIN'), [], getenv('TOKEN')));
echo "{$reply['data']['status']} since " . date(DATE_ATOM, $reply['data']['timestamp']) . "\n";
