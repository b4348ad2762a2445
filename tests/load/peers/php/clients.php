<?php
// Clients: each change is a transaction that writes the row and its event, or nothing.

declare(strict_types=1);

// Times as RFC 3339, as they are sent.
const TIME = "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'";
const CREATED = "to_char(created_at at time zone 'UTC', " . TIME . ') as created_at, '
    . "to_char(updated_at at time zone 'UTC', " . TIME . ') as updated_at, '
    . "to_char(status_changed_at at time zone 'UTC', " . TIME . ') as status_changed_at';
const WHOLE = 'id, ns_domain, status, customer_id, subreseller_id is not null as has_subreseller_id, subreseller_id, email,
    first_name, last_name, address, zipcode, same_billing_address, billing_address, billing_zipcode, start_billing_date, '
    . CREATED;

const EVENT = 'insert into client_events (client_id, from_status, to_status, at, user_id, oauth_client_id, request_id)
    values (?, ?, ?, ?, ?, ?, ?)';

const BOOLEANS = ['true' => true, '1' => true, 'on' => true, 'yes' => true, 'false' => false, '0' => false,
    'off' => false, 'no' => false];
const LINE = '/^[^\x00-\x1f\x7f]+$/Du';
const ZIPCODE = '/^\d{5}(-\d{4})?$/D';

/** The new client of these parameters. */
function new_client(array $form): array
{
    $errors = [];
    $wrong = function (string $name, string $what) use (&$errors): void {
        $errors[$name] = ['The ' . strtr($name, '_', ' ') . ' ' . $what];
    };
    $text = function (string $name, bool $required, int $most, string $format = LINE) use ($form, $wrong): ?string {
        $value = is_string($form[$name] ?? null) ? trim($form[$name]) : '';
        if ($value === '') {
            $required && $wrong($name, 'field is required.');
            return null;
        }
        if (iconv_strlen($value) > $most) {
            $wrong($name, "may not be greater than $most characters.");
        } elseif (!preg_match($format, $value)) {
            $wrong($name, 'format is invalid.');
        }
        return $value;
    };
    $boolean = function (string $name) use ($text, $wrong): ?bool {
        $value = $text($name, true, 5);
        $boolean = $value === null ? null : BOOLEANS[strtolower($value)] ?? null;
        $value !== null && $boolean === null && $wrong($name, 'field must be true or false.');
        return $boolean;
    };
    $has_subreseller_id = $boolean('has_subreseller_id');
    $client = [
        'subreseller_id' => $text('subreseller_id', $has_subreseller_id === true, 64),
        'email' => $text('email', true, 254),
        'first_name' => $text('first_name', true, 100),
        'last_name' => $text('last_name', true, 100),
        'zipcode' => $text('zipcode', true, 10, ZIPCODE),
        'address' => $text('address', true, 255),
        'same_billing_address' => $boolean('same_billing_address'),
        'customer_id' => $text('customer_id', false, 128),
        'start_billing_date' => $text('start_billing_date', false, 10, '/^\d{4}-\d{2}-\d{2}$/D'),
    ];
    $elsewhere = $client['same_billing_address'] === false;
    $client['billing_address'] = $elsewhere ? $text('billing_address', true, 255) : $client['address'];
    $client['billing_zipcode'] = $elsewhere ? $text('billing_zipcode', true, 10, ZIPCODE) : $client['zipcode'];
    if ($client['email'] !== null && !filter_var($client['email'], FILTER_VALIDATE_EMAIL)) {
        $wrong('email', 'must be a valid email address.');
    }
    if ($has_subreseller_id === false && $client['subreseller_id'] !== null) {
        $wrong('subreseller_id', 'field is prohibited when has subreseller id is false.');
    }
    if ($errors !== []) {
        throw new Refused(422, 'validation_failed', reset($errors)[0], ['errors' => $errors]);
    }
    return $client;
}

function create(array $form, array $origin): array
{
    $new = new_client($form);
    $letters = preg_replace('/[^a-z]/', '', strtolower($new['first_name'] . $new['last_name']));
    try {
        return transaction(function () use ($new, $letters, $origin): array {
            $client = row(
                "with counter as (
                     insert into ns_domain_counters as c (slug, taken) values (?, 1)
                     on conflict (slug) do update set taken = c.taken + 1
                     returning slug || case taken when 1 then '' else taken::text end || '.com' as ns_domain
                 )
                 insert into clients (ns_domain, customer_id, subreseller_id, email, first_name, last_name, address,
                                      zipcode, same_billing_address, billing_address, billing_zipcode, start_billing_date)
                 select ns_domain, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::date from counter
                 returning " . WHOLE,
                [
                    substr($letters, 0, 40) ?: 'client', $new['customer_id'], $new['subreseller_id'], $new['email'],
                    $new['first_name'], $new['last_name'], $new['address'], $new['zipcode'],
                    $new['same_billing_address'], $new['billing_address'], $new['billing_zipcode'],
                    $new['start_billing_date'],
                ],
            );
            row(EVENT, [$client['id'], null, $client['status'], $client['created_at'], ...$origin]);
            return $client;
        });
    } catch (PDOException $failure) {
        throw $failure->getCode() === '23505'
            ? new Refused(409, 'duplicate_customer_id', 'The customer id is taken.')
            : $failure;
    }
}

/** Brings a client to a status; it stays as it is where it has that already. */
function change(int $id, string $status, array $origin): array
{
    $client = transaction(function () use ($id, $status, $origin): array {
        $held = row('select id, ns_domain, status, status_changed_at from clients where id = ? for update', [$id]);
        if ($held === null) {
            throw new Refused(404, 'not_found', 'There is nothing here.');
        }
        if ($held['status'] === $status) {
            return $held;
        }
        $changed = row(
            'update clients set status = ?, status_changed_at = clock_timestamp(), updated_at = clock_timestamp()
             where id = ? returning id, ns_domain, status, status_changed_at',
            [$status, $id],
        );
        row(EVENT, [$id, $held['status'], $status, $changed['status_changed_at'], ...$origin]);
        return $changed;
    });
    return [
        'result' => 'OK',
        'timestamp' => (new DateTimeImmutable($client['status_changed_at']))->getTimestamp(),
        'client' => ['id' => $client['id'], 'ns_domain' => $client['ns_domain'], 'status' => $status],
    ];
}

function read(int $id, array $_origin): array
{
    $client = row('select ' . WHOLE . ' from clients where id = ?', [$id]);
    return ['result' => 'OK', 'client' => $client ?? throw new Refused(404, 'not_found', 'There is nothing here.')];
}
