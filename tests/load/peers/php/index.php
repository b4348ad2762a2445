<?php
// The part of the API that is measured, on PHP without a framework.

declare(strict_types=1);

require __DIR__ . '/replies.php';
require __DIR__ . '/database.php';
require __DIR__ . '/oauth.php';
require __DIR__ . '/clients.php';

const CHANGES = ['activate' => 'active', 'suspend' => 'suspended'];

function route(string $method, string $path): void
{
    if ($path === '/api/oauth/token') {
        $method === 'POST' ? reply(200, token($_POST)) : throw new Refused(405, 'method_not_allowed', 'POST is.');
        return;
    }
    if (!preg_match('~^/api/residential/client(?:/(\d{1,15})(?:/(activate|suspend))?)?$~D', $path, $found)) {
        throw new Refused(404, 'not_found', 'There is nothing here.');
    }
    [$id, $change] = [isset($found[1]) ? (int) $found[1] : null, $found[2] ?? null];
    match (true) {
        $method === 'POST' && $id === null => created(create($_POST, bearer('client:create'))),
        $method === 'POST' && $change !== null => reply(200, change($id, CHANGES[$change], bearer("client:$change"))),
        $method === 'GET' && $id !== null && $change === null => reply(200, read($id, bearer('client:read'))),
        default => throw new Refused(405, 'method_not_allowed', 'Another method is.'),
    };
}

function created(array $client): void
{
    header("Location: /api/residential/client/{$client['id']}");
    reply(201, ['result' => 'OK', 'client' => $client]);
}

try {
    route($_SERVER['REQUEST_METHOD'], strtok($_SERVER['REQUEST_URI'], '?'));
} catch (Refused $why) {
    refuse($why);
} catch (Throwable $failure) {
    error_log((string) $failure);
    refuse(new Refused(500, 'server_error', 'Something went wrong.'));
}
