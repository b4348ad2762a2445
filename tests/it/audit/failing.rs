//! When the audit log cannot be written.

use super::PATH;
use crate::support::{App, Caller, Reply};

const FULL: &str = "
    create function disk_is_full() returns trigger language plpgsql as
        $$ begin raise exception 'no space left' using errcode = '53100'; end $$;
    create trigger disk_is_full before insert on audit_log execute function disk_is_full()";

#[tokio::test]
async fn tokens_that_cannot_be_put_on_record_do_not_go_out() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    app.execute(FULL).await;

    let refused = Reply::even_a_failure(app.post(PATH).form(&partner.password_grant())).await;
    assert_eq!((refused.status, refused.error()), (503, "temporarily_unavailable"), "{refused:?}");
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(Reply::members(&refused.json), ["result", "error", "message", "request_id"]);

    app.execute("drop trigger disk_is_full on audit_log").await;
    Caller::of(&app, &Reply::of(app.post(PATH).form(&partner.password_grant())).await);
    assert_eq!(app.rows("audit_log").await, 1);
}

#[tokio::test]
async fn a_refusal_stands_and_the_log_says_that_it_is_not_on_record() {
    let app = App::start().await;
    let mut partner = app.partner("Acme").await;
    app.execute(FULL).await;
    partner.password = "wrong".to_owned();

    let refused = Reply::of(app.post(PATH).form(&partner.password_grant())).await;
    assert_eq!((refused.status, refused.error()), (400, "invalid_grant"), "{refused:?}");
    assert!(app.log().contains("a refused token request is not in the audit log"));
}
