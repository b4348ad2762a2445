//! What counting costs.

use dna_api::{
    domain::attempt::{Count, Rule},
    store,
};
use uuid::Uuid;

use crate::support::App;

#[tokio::test]
async fn counting_an_attempt_is_planned_once_and_not_each_time() {
    let app = App::start().await;
    let mut connection = app.db.acquire().await.expect("a connection");
    let rule = Rule::USERNAME;
    for n in 0..20 {
        let counts = [0, 1].map(|key| Count { key: [key; 32], rule, own: (key == n % 2).then_some([2; 32]) });
        store::attempt::claim(&mut *connection, Uuid::nil(), &counts).await.expect("a claim");
        store::attempt::take_back(&mut *connection, Uuid::nil(), &counts, None).await.expect("a database");
    }

    let sql = "select custom_plans, generic_plans from pg_prepared_statements \
               where statement like '%failed_attempts%' and not statement like '%prepared%'";
    let planned: Vec<(i64, i64)> = sqlx::query_as(sql).fetch_all(&mut *connection).await.expect("statements");
    // Postgres tries five plans for the values at hand before it keeps one for all.
    assert_eq!(planned, [(5, 15), (5, 15)]);
}
