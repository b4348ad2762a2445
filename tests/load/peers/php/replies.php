<?php

declare(strict_types=1);

/** Why a request is refused. */
final class Refused extends Exception
{
    public function __construct(
        public readonly int $status,
        public readonly string $error,
        string $message,
        public readonly array $more = [],
        public readonly ?string $challenge = null,
    ) {
        parent::__construct($message);
    }
}

/** A random UUID. */
function uuid(): string
{
    $bytes = random_bytes(16);
    $bytes[6] = chr(ord($bytes[6]) & 0x0f | 0x40);
    $bytes[8] = chr(ord($bytes[8]) & 0x3f | 0x80);
    return vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex($bytes), 4));
}

function reply(int $status, array $value): void
{
    $body = json_encode($value, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
    http_response_code($status);
    header('Content-Type: application/json');
    header('Cache-Control: no-store');
    header('X-Content-Type-Options: nosniff');
    header('X-Request-Id: ' . uuid());
    header('Content-Length: ' . strlen($body));
    echo $body;
}

function refuse(Refused $why): void
{
    if ($why->challenge !== null) {
        header("WWW-Authenticate: $why->challenge");
    }
    $message = $why->getMessage();
    $is_oauth = str_starts_with($_SERVER['REQUEST_URI'], '/api/oauth/');
    $body = $is_oauth
        ? ['error' => $why->error, 'error_description' => $message, 'message' => $message]
        : ['result' => 'ERROR', 'error' => $why->error, 'message' => $message] + $why->more;
    reply($why->status, $body);
}
