//! Those who are no OAuth client.

use std::time::Instant;

use super::{AWAY, HOME, PATH, PROXY, log_in, pass, prolong, until_refused, wait_of};
use crate::support::{App, Partner, Reply};

/// Wrong secrets from one address before the first delay.
const FREE: usize = 100;

/// A login with another `client_id` or secret, from an address.
async fn knock(app: &App, partner: &Partner, id: &str, secret: &str, from: &str) -> Reply {
    let mut form = partner.password_grant();
    form.retain(|(name, _)| !name.starts_with("client_"));
    form.extend([("client_id", id.to_owned()), ("client_secret", secret.to_owned())]);
    Reply::of(app.post(PATH).header("x-forwarded-for", from).form(&form)).await
}

#[tokio::test]
async fn a_hundred_wrong_secrets_are_free_and_the_right_one_is_never_refused_from_any_address() {
    let app = App::start_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    let nobody = "00000000-0000-4000-8000-000000000000";
    let (mut n, start) = (0, Instant::now());
    let (failed, refused) = until_refused(async || {
        n += 1;
        knock(&app, &partner, [&partner.client_id, nobody, "no-id-at-all"][n % 3], "wrong", AWAY).await
    })
    .await;
    let most = FREE + 1 + usize::try_from(start.elapsed().as_secs()).expect("a number");
    assert!((FREE..=most).contains(&failed) && wait_of(&refused) == 1, "{failed} of {most}");
    prolong(&app, 1_000).await;
    for id in [&partner.client_id, nobody, "no-id-at-all"] {
        assert!(wait_of(&knock(&app, &partner, id, "wrong", AWAY).await) > 900);
    }
    assert_eq!(knock(&app, &partner, nobody, "wrong", HOME).await.status, 401, "another address");
    assert_eq!(log_in(&app, &partner, HOME).await.status, 200);
    assert_eq!(log_in(&app, &partner, AWAY).await.status, 200, "not even from the stranger's own address");
    pass(&app, 1_001).await;
    assert_eq!(knock(&app, &partner, nobody, "wrong", AWAY).await.status, 401);
}

#[tokio::test]
async fn wrong_secrets_leave_no_trace_on_the_oauth_clients_own_counts() {
    let app = App::start_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    for _ in 0..20 {
        assert_eq!(knock(&app, &partner, &partner.client_id, "wrong", HOME).await.status, 401);
    }
    let sql = "select count(*) from failed_attempts where partner_id <> '00000000-0000-0000-0000-000000000000'";
    let counts: i64 = sqlx::query_scalar(sql).fetch_one(&app.db).await.expect("a count");
    assert_eq!((counts, app.rows("failed_attempts").await), (0, 1));
}
