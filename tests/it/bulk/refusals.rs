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
    app.has_no_client().await;
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
