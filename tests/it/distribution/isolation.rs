//! The isolation that the tests run under, where they are told one.

use crate::support::{App, database};

#[tokio::test]
async fn the_tests_run_under_the_isolation_that_they_are_told() {
    let app = App::start().await;
    let told = database::default_isolation().unwrap_or_else(|| "read committed".to_owned());
    // A statement of its own, and a transaction, over the connections that requests take.
    let alone: String = sqlx::query_scalar("select current_setting('transaction_isolation')")
        .fetch_one(&app.state.db)
        .await
        .expect("an isolation");
    let mut transaction = app.state.db.begin().await.expect("a transaction");
    let begun: String = sqlx::query_scalar("select current_setting('transaction_isolation')")
        .fetch_one(&mut *transaction)
        .await
        .expect("an isolation");
    assert_eq!([alone, begun], [told.clone(), told]);
}
