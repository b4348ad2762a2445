//! Two live secrets of one OAuth client, so that one can be replaced without an interruption.

use dna_api::{
    accounts,
    domain::oauth_client::OauthClientId,
    store::{self, oauth_client::Listed},
};

use crate::support::{
    App, Caller, Partner, Reply,
    program::{Folder, failure, run, run_json},
};

fn id(partner: &Partner) -> OauthClientId {
    OauthClientId::parse(&partner.client_id).expect("a client_id")
}

/// The partner with a new secret.
async fn rotate(app: &App, partner: &Partner, keep: bool) -> Partner {
    let account = accounts::rotate_secret(&app.db, id(partner), keep).await.expect("a new secret");
    let client_secret = account.client_secret.reveal().to_owned();
    app.keep_secret(&client_secret);
    Partner { client_secret, ..partner.clone() }
}

/// Whether the secret is good, for a login and for a refresh.
async fn is_good(app: &App, partner: &Partner) -> bool {
    let reply = Reply::of(app.post("/api/oauth/token").form(&partner.password_grant())).await;
    if reply.status == 401 {
        assert_eq!(reply.error(), "invalid_client");
        return false;
    }
    let caller = Caller::of(app, &reply);
    Caller::of(app, &partner.refresh(app, &caller.refresh_token).await);
    true
}

async fn listed(app: &App, partner: &Partner) -> Listed {
    let all = store::oauth_client::list(&app.db, None).await.expect("a database");
    all.into_iter().find(|listed| listed.client_id == id(partner).0).expect("it is listed")
}

#[tokio::test]
async fn the_old_secret_is_good_beside_the_new_one_until_it_is_retired() {
    let app = App::start().await;
    let old = app.partner("Acme").await;
    let made = listed(&app, &old).await;
    assert_eq!((made.live_secrets, made.secret_changed_at), (1, made.created_at));

    let new = rotate(&app, &old, true).await;
    let rotated = listed(&app, &new).await;
    assert_eq!((rotated.live_secrets, rotated.previous_secret_used_at), (2, None));
    assert!(rotated.secret_changed_at > made.secret_changed_at);
    assert!(is_good(&app, &new).await);
    assert_eq!(listed(&app, &new).await.previous_secret_used_at, None);
    assert!(is_good(&app, &old).await);
    let used = listed(&app, &new).await.previous_secret_used_at.expect("the old one was used");
    assert!(is_good(&app, &old).await);
    assert_eq!(listed(&app, &new).await.previous_secret_used_at, Some(used), "noted once a minute");

    assert!(store::oauth_client::retire_secret(&app.db, id(&new)).await.expect("a database"));
    assert!(is_good(&app, &new).await && !is_good(&app, &old).await);
    let retired = listed(&app, &new).await;
    assert_eq!((retired.live_secrets, retired.previous_secret_used_at), (1, None));
}

#[tokio::test]
async fn the_next_rotation_ends_the_oldest() {
    let app = App::start().await;
    let first = app.partner("Acme").await;
    let second = rotate(&app, &first, true).await;
    let third = rotate(&app, &second, true).await;
    assert!(!is_good(&app, &first).await);
    assert!(is_good(&app, &second).await && is_good(&app, &third).await);
    assert_eq!(listed(&app, &third).await.live_secrets, 2);
}

#[tokio::test]
async fn a_rotation_at_once_ends_every_old_secret() {
    let app = App::start().await;
    let first = app.partner("Acme").await;
    let second = rotate(&app, &first, true).await;
    let third = rotate(&app, &second, false).await;
    assert!(!is_good(&app, &first).await && !is_good(&app, &second).await);
    assert!(is_good(&app, &third).await);
    assert_eq!(listed(&app, &third).await.live_secrets, 1);
}

#[test]
fn an_operator_rotates_and_retires_on_the_command_line() {
    let folder = Folder::new();
    let account = run_json(&folder, &[], &["partner", "add", "Acme"]);
    let client_id = account["client_id"].as_str().expect("a client_id");
    let list = || run_json(&folder, &[], &["oauth-client", "list", "--partner", "Acme"])[0]["live_secrets"].clone();

    let rotated = run_json(&folder, &[], &["oauth-client", "rotate-secret", client_id]);
    assert_eq!(Reply::members(&rotated), ["client_id", "client_secret"]);
    assert_eq!(list(), 2);
    let retired = run_json(&folder, &[], &["oauth-client", "retire-secret", client_id]);
    assert_eq!((&retired[0]["client_id"], &retired[0]["live_secrets"]), (&account["client_id"], &1.into()));
    run_json(&folder, &[], &["oauth-client", "rotate-secret", client_id]);
    run_json(&folder, &[], &["oauth-client", "rotate-secret", "--now", client_id]);
    assert_eq!(list(), 1);

    let nobody = "00000000-0000-4000-8000-000000000000";
    for action in ["rotate-secret", "retire-secret"] {
        let line = format!("dna-api: there is no OAuth client {nobody}: see `dna-api oauth-client list`");
        assert_eq!(failure(&run(&folder, &[], &["oauth-client", action, nobody])), (1, line));
    }
}
