//! What is refused before anything is imported or exported.

use super::{EXPORT, IMPORT, lines, row};
use crate::support::{Reply, acme};

#[tokio::test]
async fn what_cannot_be_imported_is_refused_in_the_contracts_words() {
    let (app, caller) = acme().await;
    let reader = app.partner("Reader").await.log_in_for(&app, "client:read").await;
    let file = || row("Steve", "1");
    let ndjson = "application/x-ndjson";

    let stranger = Reply::of(app.post(IMPORT).header("Content-Type", ndjson).body(file())).await;
    let forbidden = Reply::of(reader.post(&app, IMPORT).header("Content-Type", ndjson).body(file())).await;
    let get = Reply::of(caller.get(&app, IMPORT)).await;
    let json = Reply::of(caller.post(&app, IMPORT).header("Content-Type", "application/json").body(file())).await;
    let post = Reply::of(caller.post(&app, EXPORT)).await;

    assert_eq!([stranger.status, forbidden.status, get.status, json.status, post.status], [401, 403, 405, 415, 405]);
    json.is_refused(415, "unsupported_media_type", "The file must be application/x-ndjson or text/csv.");
    let wrong = caller.post(&app, &format!("{IMPORT}?mode=some&dry_run=2")).header("Content-Type", ndjson).body(file());
    Reply::of(wrong).await.is_invalid(&[
        ("dry_run", "The dry run field must be true or false."),
        ("mode", "The mode format is invalid."),
    ]);
    let format = Reply::of(caller.get(&app, &format!("{EXPORT}?format=xml"))).await;
    format.is_invalid(&[("format", "The format format is invalid.")]);
    for unknown in ["limit=5", "after=x", "first_name=Steve", "fromat=csv", "mode=all"] {
        let export = Reply::of(caller.get(&app, &format!("{EXPORT}?{unknown}"))).await;
        export.is_refused(400, "invalid_request", "There is a parameter that is unknown here.");
    }
    let filter = Reply::of(caller.get(&app, &format!("{EXPORT}?status=gone&created_after=x&format=xml"))).await;
    filter.is_invalid(&[
        ("status", "The status format is invalid."),
        ("created_after", "The created after is not a valid date."),
        ("format", "The format format is invalid."),
    ]);
    app.has_no_client().await;
}

#[tokio::test]
async fn an_import_can_be_had_by_who_accepts_its_lines() {
    let (app, caller) = acme().await;
    let import = |accept: &str| {
        let request = caller.post(&app, IMPORT).header("Content-Type", "application/x-ndjson").header("Accept", accept);
        request.body(row("Steve", "1"))
    };

    for accept in ["application/x-ndjson", "application/jsonl", "application/json", "*/*"] {
        let reply = import(accept).send().await.expect("a reply");
        assert_eq!(reply.status(), 200, "{accept}");
        assert_eq!(reply.headers()["content-type"], "application/x-ndjson", "{accept}");
    }
    for accept in ["text/csv", "text/html", "application/x-ndjson;q=0"] {
        let reply = Reply::of(import(accept)).await;
        assert_eq!((reply.status, reply.error()), (406, "not_acceptable"), "{accept}");
    }
}

#[tokio::test]
async fn more_than_50_000_rows_are_refused_before_the_first_is_created() {
    let (app, caller) = acme().await;
    let file = "{}\n".repeat(50_001);

    let request = caller.post(&app, IMPORT).header("Content-Type", "application/jsonl").body(file);
    let told = lines(&Reply::read(request).await.text);

    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["error"], "payload_too_large");
    assert_eq!(told[0]["message"], "An import may not have more than 50,000 rows.");
}
