<?php

declare(strict_types=1);

/** The worker's connection, which outlives the request. Where it leads comes from the environment, in libpq's names. */
function database(): PDO
{
    static $database = null;
    return $database ??= new PDO('pgsql:', null, null, [
        PDO::ATTR_PERSISTENT => true,
        PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
        // A statement that is prepared lasts no longer than a request here: to prepare it is a round trip for nothing.
        PDO::PGSQL_ATTR_DISABLE_PREPARES => true,
    ]);
}

/** The first row that a statement gives; null where there is none. */
function row(string $sql, array $values): ?array
{
    $statement = database()->prepare($sql);
    foreach (array_values($values) as $n => $value) {
        $statement->bindValue($n + 1, $value, is_bool($value) ? PDO::PARAM_BOOL : PDO::PARAM_STR);
    }
    $statement->execute();
    return $statement->columnCount() > 0 ? ($statement->fetch(PDO::FETCH_ASSOC) ?: null) : null;
}

/** Carries out statements together, or none of them. */
function transaction(callable $statements): mixed
{
    database()->beginTransaction();
    try {
        $result = $statements();
        database()->commit();
        return $result;
    } catch (Throwable $failure) {
        database()->rollBack();
        throw $failure;
    }
}
