//! `docs/samples/php/DnaClient.php` where replies are lost, requests refused, and secrets looked for.

use serde_json::json;

use super::{Fault, Stage, keys, php::told};
use crate::support::steve_but;

#[tokio::test]
#[ignore = "needs PHP with curl"]
async fn a_creation_of_the_php_client_whose_reply_is_lost_makes_one_client() {
    let stage = Stage::set().await;
    stage.proxy.will(&[Fault::ReplyLost, Fault::Answered("502 Bad Gateway"), Fault::ReplyLost]);

    let id = stage.php("return $dna->create($steve())['id'];").await;

    let ids: Vec<i64> = sqlx::query_scalar("select id from clients").fetch_all(&stage.app.db).await.expect("clients");
    assert_eq!(json!(ids), json!([id]));
    let keys = keys(&stage.proxy.take());
    assert!(keys.len() == 4 && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

#[tokio::test]
#[ignore = "needs PHP with curl"]
async fn the_php_client_waits_as_long_as_the_server_asks_and_repeats_no_import() {
    let stage = Stage::set().await;
    for answer in ["429 Too Many Requests\r\nRetry-After: 2", "503 Service Unavailable\r\nRetry-After: 2"] {
        stage.proxy.will(&[Fault::Answered(answer)]);
        stage.php("return $dna->create($steve())['id'];").await;
        let seen = stage.proxy.take();
        let tries: Vec<_> = seen.iter().filter(|seen| seen.is("POST", "/api/residential/client")).collect();
        let waited = tries[1].at - tries[0].at;
        assert!((2.0..6.0).contains(&waited.as_secs_f64()), "{waited:?}");
    }
    assert_eq!(stage.app.rows("clients").await, 2);

    stage.proxy.will(&[Fault::Answered("429 Too Many Requests\r\nRetry-After: 900"), Fault::ReplyLost]);
    let told = stage
        .php(
            "try { $dna->create($steve()); } catch (DnaRateLimitedException $limited) { }
             try { $dna->import('{}'); } catch (DnaConnectionException $lost) { }
             return [$limited->retryAfter, $lost->status];",
        )
        .await;
    assert_eq!((told, stage.proxy.take().len()), (json!([900, 0]), 3));
}

/// Fails in every way, and tells how each failure looks, and how many secrets are in the traces.
const FAILURES: &str = r"
    $fails = function (callable $what) use (&$all): array {
        try {
            $what();
        } catch (Throwable $thrown) {
            $all .= $thrown . print_r($thrown->getTrace(), true);
            return [get_class($thrown), $thrown->error, strlen($thrown->requestId) >= 8, $thrown->status];
        }
    };
    // Without what the test itself would put into the trace.
    $with = fn (string $url, string $secret, string $username, string $password): DnaClient => new DnaClient(
        getenv($url), getenv('API_CLIENT_ID'), getenv($secret), getenv($username), getenv($password));
    $told = [
        $fails(fn () => $dna->get(1)),
        $fails(fn () => $dna->get(999999)),
        $fails(fn () => $dna->create(['zipcode' => '1'])),
        $fails(fn () => $dna->create($steve(['customer_id' => 'A-1']))),
        $fails(fn () => iterator_to_array($dna->find(['after' => 'x']))),
        $fails(fn () => $with('API_URL', 'API_CLIENT_SECRET', 'API_USERNAME', 'WRONG')->domain('x.com')),
        $fails(fn () => $with('API_URL', 'WRONG', 'API_USERNAME', 'API_PASSWORD')->domain('x.com')),
        $fails(fn () => $with('NOWHERE', 'API_CLIENT_SECRET', 'API_USERNAME', 'API_PASSWORD')->domain('x.com')),
        $fails(fn () => $with('API_URL', 'API_CLIENT_SECRET', 'NARROW', 'NARROW_PASSWORD')->suspend($id)),
    ];
    try { $dna->create(['zipcode' => '1']); } catch (DnaValidationException $invalid) { }
    try { $dna->create($steve(['customer_id' => 'A-1'])); } catch (DnaConflictException $taken) { }
    try {
        new DnaClient('', '', getenv('API_CLIENT_SECRET'), '', getenv('API_PASSWORD'), '', null, 'x');
    } catch (TypeError $error) {
        $all .= $error . print_r($error->getTrace(), true);
    }
    ob_start();
    var_dump($dna);
    $all .= ob_get_clean();
    $secrets = [getenv('API_CLIENT_SECRET'), getenv('API_PASSWORD'), $dna->token(), getenv('WRONG'), getenv('NARROW_PASSWORD')];
    $shown = array_filter($secrets, fn ($secret) => str_contains($all, $secret));
    return [$told, $invalid->errors['zipcode'], $taken->client['id'], count($shown), strlen($all) > 1000];";

#[tokio::test]
#[ignore = "needs PHP with curl"]
async fn a_failure_of_the_php_client_has_a_class_and_no_secret_in_it() {
    let stage = Stage::set().await;
    let caller = stage.partner.log_in(&stage.app).await;
    let id = caller.create(&stage.app, &steve_but(&[("customer_id", "A-1")])).await.json["client"]["id"].clone();
    let narrow = stage.partner.with_user(&stage.app, "client:read").await;
    // Something in between answers in the API's place.
    stage.proxy.will(&[Fault::Answered("200 OK")]);

    let mut command = stage.command_of_php(FAILURES);
    command.env("ID", id.to_string()).env("NARROW", &narrow.username).env("NARROW_PASSWORD", &narrow.password);
    command.env("WRONG", "not the password of anybody").env("NOWHERE", "nobody://there");
    let told = told(command).await;

    let expected = json!([
        ["DnaRequestException", "", true, 200],
        ["DnaNotFoundException", "not_found", true, 404],
        ["DnaValidationException", "validation_failed", true, 422],
        ["DnaConflictException", "duplicate_customer_id", true, 409],
        ["DnaRequestException", "invalid_request", true, 400],
        ["DnaAuthenticationException", "invalid_grant", true, 400],
        ["DnaAuthenticationException", "invalid_client", true, 401],
        ["DnaConnectionException", "", true, 0],
        ["DnaAuthenticationException", "insufficient_scope", true, 403],
    ]);
    assert_eq!(told[0], expected);
    assert_eq!(told[1], json!(["The zipcode format is invalid."]));
    assert_eq!((&told[2], &told[3], &told[4]), (&id, &json!(0), &json!(true)));
    stage.no_secret_shows(&[&caller.token]);
}
