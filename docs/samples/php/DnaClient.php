<?php

declare(strict_types=1);

/**
 * A client of the DNA API in one file: PHP 7.4 or newer with its curl extension, and nothing else.
 *
 *     $dna = DnaClient::fromEnvironment();
 *     $client = $dna->create(['email' => 'steve@example.com', …]);
 *     $dna->activate($client['id']);
 *
 * It gets tokens by itself and renews them. Where no reply comes, or the server asks to wait, it sends the request again,
 * with the same Idempotency-Key, so that it is carried out once. What fails in the end is a DnaException.
 */
final class DnaClient
{
    private const TRIES = 5;
    /** Seconds. Who is asked to wait longer gets the exception at once. */
    private const LONGEST_WAIT = 30;
    private const CLIENTS = '/api/residential/client';

    private string $url;
    private string $clientId;
    private string $clientSecret;
    private string $username;
    private string $password;
    private string $scope;
    private ?string $tokenFile;
    private int $timeout;
    private ?string $accessToken = null;
    private ?string $refreshToken = null;
    /** When to get the next access token, in Unix seconds. */
    private int $renewAt = 0;
    /** The headers of the last reply, their names in small letters. */
    private array $head = [];
    /** One handle for all requests, which keeps the connection. */
    private $curl;

    /**
     * @param string      $scope     what the tokens are to allow, space-delimited; empty for all that may be had
     * @param string|null $tokenFile keeps the tokens from one run to the next, such as the next request to your web site
     * @param int         $timeout   seconds for a request; import and export may take as long as bytes flow
     */
    public function __construct(
        string $url,
        string $clientId,
        #[\SensitiveParameter]
        string $clientSecret,
        string $username,
        #[\SensitiveParameter]
        string $password,
        string $scope = '',
        ?string $tokenFile = null,
        int $timeout = 20
    ) {
        [$this->url, $this->clientId, $this->clientSecret] = [rtrim($url, '/'), $clientId, $clientSecret];
        [$this->username, $this->password, $this->scope] = [$username, $password, $scope];
        [$this->tokenFile, $this->timeout, $this->curl] = [$tokenFile, $timeout, curl_init()];
    }

    /** With the values of API_URL, API_CLIENT_ID, API_CLIENT_SECRET, API_USERNAME and API_PASSWORD. */
    public static function fromEnvironment(?string $tokenFile = null): self
    {
        $values = [];
        foreach (['API_URL', 'API_CLIENT_ID', 'API_CLIENT_SECRET', 'API_USERNAME', 'API_PASSWORD'] as $name) {
            $values[] = (string) getenv($name);
            if (end($values) === '') {
                throw new InvalidArgumentException("$name is not set.");
            }
        }
        return new self(...$values, ...['', $tokenFile]);
    }

    /** Creates a client, and returns it whole. With a key of your own the call can be repeated from another process. */
    public function create(array $client, ?string $key = null): array
    {
        return $this->change('POST', self::CLIENTS, $client, $key)['client'];
    }

    /** A client. $etag becomes its entity tag, for update(). */
    public function get(int $id, ?string &$etag = null): array
    {
        $client = $this->send('GET', self::CLIENTS . "/$id")['client'];
        $etag = $this->head['etag'] ?? null;
        return $client;
    }

    /** All clients of a filter (status, subreseller_id, q, …), page by page as they are asked for. */
    public function find(array $filter = []): Generator
    {
        return $this->pages(self::CLIENTS, $filter, 'clients');
    }

    /**
     * Changes a client, and returns it whole. With the entity tag that get() gave, one that somebody else has changed
     * meanwhile is left alone: a DnaConflictException. $etag becomes the new one.
     */
    public function update(int $id, array $changes, ?string &$etag = null, ?string $key = null): array
    {
        $headers = $etag === null ? [] : ["If-Match: $etag"];
        $client = $this->change('PATCH', self::CLIENTS . "/$id", $changes, $key, $headers)['client'];
        $etag = $this->head['etag'] ?? null;
        return $client;
    }

    /** Lets a client's service run. The reply has `timestamp` and `client`. */
    public function activate(int $id, ?string $reason = null, ?string $key = null): array
    {
        return $this->change('POST', self::CLIENTS . "/$id/activate", ['reason' => $reason], $key);
    }

    /** Locks a client's service. */
    public function suspend(int $id, ?string $reason = null, ?string $key = null): array
    {
        return $this->change('POST', self::CLIENTS . "/$id/suspend", ['reason' => $reason], $key);
    }

    /** Locks a client's service and suspends its billing. */
    public function cancel(int $id, ?string $reason = null, ?string $key = null): array
    {
        return $this->change('POST', self::CLIENTS . "/$id/cancel", ['reason' => $reason], $key);
    }

    /** A client's history, oldest first unless told otherwise. */
    public function events(int $id, bool $newestFirst = false): Generator
    {
        return $this->pages(self::CLIENTS . "/$id/events", ['order' => $newestFirst ? 'desc' : 'asc'], 'events');
    }

    /**
     * One page of all that happened: `events`, and `next`. Keep `next` once the events are dealt with, and give it as
     * $after the next time; where no events have come, there are none for now.
     */
    public function feed(?string $after = null, int $limit = 200): array
    {
        return $this->send('GET', '/api/residential/event', ['limit' => $limit, 'after' => $after]);
    }

    /** The status of a domain: `status` is active or locked, `timestamp` since when. */
    public function domain(string $nsDomain): array
    {
        return $this->send('GET', '/api/residential/domain/' . rawurlencode($nsDomain))['data'];
    }

    /** Every subreseller id in use, with how many clients have each status. */
    public function subresellers(): Generator
    {
        return $this->pages('/api/residential/subreseller', [], 'subresellers');
    }

    /**
     * What was billable in a month (`2026-11`): `subreseller_id`, `days` and `clients`. A subreseller whose clients stand
     * on two pages comes twice: add up.
     */
    public function billing(string $month, ?string $subresellerId = null): Generator
    {
        $filter = ['month' => $month, 'subreseller_id' => $subresellerId];
        return $this->pages('/api/residential/billing', $filter, 'subresellers');
    }

    /**
     * Creates a client for each row of NDJSON or CSV, and returns the outcomes: one of each row, and last the line that
     * sums up. It is not repeated where no reply comes: the rows with a `customer_id` may be sent again, the others would
     * be created twice.
     *
     * @param array $options `mode` => `all`: nothing where a row is wrong; `dry_run` => `true`: nothing at all
     */
    public function import(string $rows, string $type = 'application/x-ndjson', array $options = []): array
    {
        $reply = fopen('php://temp', 'w+b');
        $this->send('POST', self::CLIENTS . '/import', $options, $rows, ["Content-Type: $type"], $reply);
        rewind($reply);
        $outcomes = [];
        while (($line = fgets($reply)) !== false) {
            $outcomes[] = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
        }
        if (!isset(end($outcomes)['rows'])) {
            throw new DnaConnectionException('The reply to the import was cut off.');
        }
        return $outcomes;
    }

    /**
     * Writes all clients of a filter into a stream, as NDJSON or, with `format` => `csv`, as CSV.
     *
     * @param resource $into
     */
    public function export($into, array $filter = []): void
    {
        $this->send('GET', self::CLIENTS . '/export', $filter, null, [], $into);
    }

    /** What the server says of the access token in use: `active`, and what it is good for. */
    public function introspect(): array
    {
        $this->token();
        return $this->oauth('introspect', fn () => ['token' => $this->accessToken]);
    }

    /** An access token that is good for a while yet, for requests of your own. */
    public function token(): string
    {
        if (time() >= $this->renewAt) {
            $this->renew();
        }
        return $this->accessToken;
    }

    /** Ends the login: its tokens are good no longer. The next call logs in anew. */
    public function logOut(): void
    {
        $this->recall();
        if ($this->accessToken !== null) {
            $this->oauth('revoke', fn () => ['token' => $this->refreshToken ?? $this->accessToken]);
        }
        [$this->accessToken, $this->refreshToken, $this->renewAt] = [null, null, 0];
        if ($this->tokenFile !== null && is_file($this->tokenFile)) {
            unlink($this->tokenFile);
        }
    }

    /** What var_dump() shows: no secret. */
    public function __debugInfo(): array
    {
        return ['url' => $this->url, 'clientId' => $this->clientId, 'username' => $this->username];
    }

    /** A request that changes something: its key stays the same however often it is sent. */
    private function change(string $method, string $path, array $parameters, ?string $key, array $headers = []): array
    {
        $headers[] = 'Idempotency-Key: ' . ($key ?? bin2hex(random_bytes(16)));
        $headers[] = 'Content-Type: application/json';
        return $this->send($method, $path, [], json_encode((object) $parameters, JSON_THROW_ON_ERROR), $headers);
    }

    /** What all pages of a list have. */
    private function pages(string $path, array $query, string $member): Generator
    {
        do {
            $page = $this->send('GET', $path, $query);
            foreach ($page[$member] as $one) {
                yield $one;
            }
            $query['after'] = $page['next'];
        } while ($page['next'] !== null);
    }

    /** A request as this OAuth client. Its parameters are a closure's, so that no trace of an exception has them. */
    private function oauth(string $endpoint, Closure $parameters): array
    {
        $client = fn () => ['client_id' => $this->clientId, 'client_secret' => $this->clientSecret];
        return $this->send('POST', "/api/oauth/$endpoint", [], fn () => http_build_query($parameters() + $client()));
    }

    /**
     * Sends a request until it is answered, and returns the decoded reply.
     *
     * @param string|Closure|null $body a closure makes one that has credentials in it, and goes without a token
     * @param resource|null       $into takes the body of a reply that succeeds. Such a request is sent again only where it
     *                                  was refused, since nobody knows how far it came
     */
    private function send(
        string $method,
        string $path,
        array $query = [],
        $body = null,
        array $headers = [],
        $into = null
    ): array {
        // One name for all tries, so that even a reply that is lost can be found in the operator's log.
        $requestId = bin2hex(random_bytes(16));
        $headers = ['Accept: application/json', "X-Request-Id: $requestId", ...$headers];
        $url = $this->url . $path . ($query === [] ? '' : '?' . http_build_query($query));
        $bearer = !$body instanceof Closure;
        for ($try = 1, $renewed = !$bearer;; $try++) {
            if ($bearer) {
                $this->token();
            }
            try {
                [$status, $text] = $this->once($method, $url, $headers, $body, $bearer, $into);
            } catch (DnaConnectionException $lost) {
                $lost->requestId = $requestId;
                if ($try >= self::TRIES || $into !== null || !$lost->passing) {
                    throw $lost;
                }
                self::wait($try, '');
                continue;
            }
            $reply = $status === 200 && $into !== null ? [] : json_decode($text, true);
            if ($status >= 200 && $status < 300 && is_array($reply)) {
                return $reply;
            }
            if ($status === 401 && !$renewed) {
                $renewed = true;
                $this->renew();
                continue;
            }
            $refused = in_array($status, [429, 503], true) || ($reply['error'] ?? '') === 'idempotency_key_in_use';
            $again = $refused || ($into === null && in_array($status, [502, 504], true));
            if ($try >= self::TRIES || !$again || !self::wait($try, $this->head['retry-after'] ?? '')) {
                $this->head += ['x-request-id' => $requestId];
                throw DnaException::of($status, is_array($reply) ? $reply : [], $this->head);
            }
        }
    }

    /** Sends a request once: the reply's status and body. */
    private function once(string $method, string $url, array $headers, $body, bool $bearer, $into): array
    {
        $this->head = [];
        $text = '';
        curl_reset($this->curl);
        curl_setopt_array($this->curl, [
            CURLOPT_URL => $url,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_HTTPHEADER => $bearer ? [...$headers, "Authorization: Bearer {$this->accessToken}"] : $headers,
            CURLOPT_CONNECTTIMEOUT => 10,
            CURLOPT_TIMEOUT => $into === null ? $this->timeout : 0,
            CURLOPT_LOW_SPEED_LIMIT => 1,
            CURLOPT_LOW_SPEED_TIME => 300,
            CURLOPT_HEADERFUNCTION => function ($curl, string $line): int {
                [$name, $value] = explode(':', $line, 2) + [1 => ''];
                $this->head[strtolower($name)] = trim($value);
                return strlen($line);
            },
            CURLOPT_WRITEFUNCTION => function ($curl, string $bytes) use ($into, &$text): int {
                if ($into !== null && curl_getinfo($curl, CURLINFO_RESPONSE_CODE) === 200) {
                    return (int) fwrite($into, $bytes);
                }
                $text .= $bytes;
                return strlen($bytes);
            },
        ]);
        if ($body !== null) {
            curl_setopt($this->curl, CURLOPT_POSTFIELDS, $body instanceof Closure ? $body() : $body);
        }
        if (curl_exec($this->curl) === false) {
            $lost = new DnaConnectionException(curl_error($this->curl));
            // A wrong address or certificate stays wrong.
            $lasting = [CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_SSL_CACERT];
            $lost->passing = !in_array(curl_errno($this->curl), $lasting, true);
            throw $lost;
        }
        return [curl_getinfo($this->curl, CURLINFO_RESPONSE_CODE), $text];
    }

    /** Waits as long as the server asks, else ever longer, with some chance in it. Not at all where that is too long. */
    private static function wait(int $try, string $retryAfter): bool
    {
        $chance = random_int(500, 1000) / 1000;
        $seconds = ctype_digit($retryAfter) ? (int) $retryAfter + $chance - 0.5 : 2 ** ($try - 1) * $chance;
        if ($seconds > self::LONGEST_WAIT + 1) {
            return false;
        }
        usleep((int) ($seconds * 1_000_000));
        return true;
    }

    /** Gets new tokens: those that another process has kept, with the refresh token, or else with the password. */
    private function renew(): void
    {
        $used = $this->accessToken;
        $this->recall();
        if ($this->accessToken !== $used && time() < $this->renewAt) {
            return;
        }
        $reply = null;
        if ($this->refreshToken !== null) {
            try {
                $refresh = fn () => ['grant_type' => 'refresh_token', 'refresh_token' => $this->refreshToken];
                $reply = $this->oauth('token', $refresh);
            } catch (DnaAuthenticationException $over) {
                $this->refreshToken = null;
            }
        }
        $reply = $reply ?? $this->oauth('token', fn () => [
            'grant_type' => 'password',
            'username' => $this->username,
            'password' => $this->password,
            'scope' => $this->scope,
        ]);
        $this->accessToken = $reply['access_token'];
        $this->refreshToken = $reply['refresh_token'] ?? null;
        $this->renewAt = time() + $reply['expires_in'] - min(30, intdiv($reply['expires_in'], 4));
        if ($this->tokenFile !== null) {
            $this->keep($this->tokenFile);
        }
    }

    /** Whose tokens these are. */
    private function owner(): array
    {
        return [$this->url, $this->clientId, $this->username, $this->scope];
    }

    private function recall(): void
    {
        clearstatcache();
        if ($this->tokenFile === null || !is_file($this->tokenFile)) {
            return;
        }
        if ((fileperms($this->tokenFile) & 077) !== 0) {
            throw new RuntimeException("{$this->tokenFile} must be yours alone: chmod 600.");
        }
        $kept = json_decode((string) file_get_contents($this->tokenFile), true);
        if (is_array($kept) && ($kept['owner'] ?? null) === $this->owner()) {
            [$this->accessToken, $this->refreshToken, $this->renewAt] = $kept['tokens'];
        }
    }

    /** Whoever reads the file meanwhile reads it whole. */
    private function keep(string $file): void
    {
        $kept = ['owner' => $this->owner(), 'tokens' => [$this->accessToken, $this->refreshToken, $this->renewAt]];
        // One that tempnam() makes is its owner's alone.
        $new = tempnam(dirname($file), 'dna');
        if (file_put_contents($new, json_encode($kept, JSON_THROW_ON_ERROR)) === false || !rename($new, $file)) {
            throw new RuntimeException("$file cannot be written.");
        }
    }
}

/** Whatever a call fails with. The message is for people; decide by the class, or by $error. */
abstract class DnaException extends RuntimeException
{
    /** The status of the reply; 0 where none came. */
    public int $status = 0;
    /** The word of the table of errors. */
    public string $error = '';
    /** The sentences of each wrong field, by its name. */
    public array $errors = [];
    /** The client that has the `customer_id` already: `id` and `ns_domain`. */
    public ?array $client = null;
    /** The request's name in the operator's log; quote it when you ask for help. */
    public string $requestId = '';
    /** Seconds after which the server asks to try again. */
    public ?int $retryAfter = null;

    /** The exception that a reply stands for. */
    public static function of(int $status, array $reply, array $head): self
    {
        $error = $reply['error'] ?? '';
        $words = [
            'validation_failed' => DnaValidationException::class,
            'idempotency_key_reused' => DnaConflictException::class,
            'invalid_grant' => DnaAuthenticationException::class,
            'invalid_scope' => DnaAuthenticationException::class,
            'unauthorized_client' => DnaAuthenticationException::class,
        ];
        $statuses = [
            401 => DnaAuthenticationException::class,
            403 => DnaAuthenticationException::class,
            404 => DnaNotFoundException::class,
            409 => DnaConflictException::class,
            410 => DnaNotFoundException::class,
            412 => DnaConflictException::class,
            429 => DnaRateLimitedException::class,
        ];
        $other = $status >= 500 ? DnaUnavailableException::class : DnaRequestException::class;
        $class = $words[$error] ?? $statuses[$status] ?? $other;
        $message = $reply['message'] ?? 'This is no reply of the API.';
        $exception = new $class(trim("$status $error") . ": $message", $status);
        [$exception->status, $exception->error, $exception->requestId] = [$status, $error, $head['x-request-id']];
        [$exception->errors, $exception->client] = [$reply['errors'] ?? [], $reply['client'] ?? null];
        $retryAfter = $head['retry-after'] ?? '';
        $exception->retryAfter = ctype_digit($retryAfter) ? (int) $retryAfter : null;
        return $exception;
    }
}

/** No reply came, or not all of it. What was asked for may have been done. */
final class DnaConnectionException extends DnaException
{
    /** Whether another try may succeed. */
    public bool $passing = true;
}

/** The credentials or the token are not good, or lack the scope. */
final class DnaAuthenticationException extends DnaException {}

/** Parameters are missing or wrong: see $errors. */
final class DnaValidationException extends DnaException {}

/** There is no such client, or it was erased (`gone`). */
final class DnaNotFoundException extends DnaException {}

/** The `customer_id` is taken (by $client), the client has changed, or the key was used for another request. */
final class DnaConflictException extends DnaException {}

/** Too many requests, or too many wrong passwords: see $retryAfter. */
final class DnaRateLimitedException extends DnaException {}

/** The server has a defect, or is away for longer than all tries took. */
final class DnaUnavailableException extends DnaException {}

/** Refused for another reason, which your program must mend: see $error. */
final class DnaRequestException extends DnaException {}
