<?php
// Tokens: the password grant, and the check of a bearer's.

declare(strict_types=1);

const ISSUER = 'http://api.test';
const LIFETIME = 1200;
const NOBODY = '$argon2id$v=19$m=19456,t=2,p=1$bm8gdXNlciBoYXMgdGhpcw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

function base64url(string $bytes): string
{
    return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
}

function signing_key(): OpenSSLAsymmetricKey
{
    return openssl_pkey_get_private(file_get_contents(getenv('PEER_KEY')));
}

function token(array $form): array
{
    foreach (['grant_type', 'client_id', 'client_secret', 'username', 'password'] as $name) {
        if (!is_string($form[$name] ?? null)) {
            throw new Refused(400, 'invalid_request', "The $name is missing.");
        }
    }
    if ($form['grant_type'] !== 'password') {
        throw new Refused(400, 'unsupported_grant_type', 'The grant type is not supported.');
    }
    $client = preg_match('/^[0-9a-f-]{36}$/D', $form['client_id'])
        ? row('select id, secret_hash, scope from oauth_clients where id = ?', [$form['client_id']])
        : null;
    if (!$client || !hash_equals($client['secret_hash'], hash('sha256', $form['client_secret']))) {
        throw new Refused(401, 'invalid_client', 'Client authentication failed.', challenge: 'Basic realm="DNA API"');
    }
    $user = row('select id, password_hash, scope from users where username = ?', [$form['username']]);
    if (!password_verify($form['password'], $user['password_hash'] ?? NOBODY) || !$user) {
        throw new Refused(400, 'invalid_grant', 'The user credentials were incorrect.');
    }
    $granted = array_values(array_intersect(explode(' ', $client['scope']), explode(' ', $user['scope'])));
    $asked = is_string($form['scope'] ?? null) && $form['scope'] !== '' ? explode(' ', $form['scope']) : $granted;
    if (array_diff($asked, $granted) !== []) {
        throw new Refused(400, 'invalid_scope', 'The requested scope is invalid.');
    }
    $refresh_token = base64url(random_bytes(32));
    row(
        "insert into refresh_tokens (token_hash, user_id, oauth_client_id, scope, expires_at)
         values (decode(?, 'hex'), ?, ?, ?, now() + interval '30 days')",
        [hash('sha256', $refresh_token), $user['id'], $client['id'], implode(' ', $asked)],
    );
    return [
        'token_type' => 'Bearer',
        'expires_in' => LIFETIME,
        'access_token' => access_token($user['id'], $client['id'], $asked),
        'refresh_token' => $refresh_token,
        'scope' => implode(' ', $asked),
    ];
}

function access_token(string $user, string $client, array $scopes): string
{
    [$now, $jti] = [time(), uuid()];
    $header = ['typ' => 'JWT', 'alg' => 'RS256', 'jti' => $jti, 'kid' => 'peer'];
    $claims = [
        'iss' => ISSUER,
        'sub' => $user,
        'aud' => [ISSUER, $client],
        'client_id' => $client,
        'sid' => uuid(),
        'jti' => $jti,
        'iat' => $now,
        'nbf' => $now,
        'exp' => $now + LIFETIME,
        'scope' => implode(' ', $scopes),
        'scopes' => $scopes,
    ];
    $signed = base64url(json_encode($header)) . '.' . base64url(json_encode($claims, JSON_UNESCAPED_SLASHES));
    openssl_sign($signed, $signature, signing_key(), OPENSSL_ALGO_SHA256);
    return $signed . '.' . base64url($signature);
}

/** Who asks: the user, the OAuth client and the request. */
function bearer(string $scope): array
{
    $realm = 'Bearer realm="DNA API"';
    if (!preg_match('/^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/Di', $_SERVER['HTTP_AUTHORIZATION'] ?? '', $token)) {
        throw new Refused(401, 'unauthenticated', 'A token is needed.', challenge: $realm);
    }
    $part = fn (int $n): string => base64_decode(strtr($token[$n], '-_', '+/'));
    $public = openssl_pkey_get_public(file_get_contents(getenv('PEER_KEY') . '.pub'));
    $claims = openssl_verify("$token[1].$token[2]", $part(3), $public, OPENSSL_ALGO_SHA256) === 1
        ? json_decode($part(2), true)
        : null;
    $now = time();
    if (
        (json_decode($part(1), true)['alg'] ?? null) !== 'RS256' || $claims === null || $claims['iss'] !== ISSUER
        || !in_array(ISSUER, $claims['aud'], true) || $claims['exp'] < $now - 5 || $claims['nbf'] > $now + 5
    ) {
        throw new Refused(401, 'invalid_token', 'The token is invalid.', challenge: "$realm, error=\"invalid_token\"");
    }
    if (!in_array($scope, $claims['scopes'], true)) {
        throw new Refused(403, 'insufficient_scope', "The token has no $scope.");
    }
    return [$claims['sub'], $claims['client_id'], uuid()];
}
