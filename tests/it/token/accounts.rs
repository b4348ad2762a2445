//! Who gets no token: disabled partners, OAuth clients and users, and other partners' users.

use dna_api::{
    accounts,
    domain::{oauth_client::OauthClientId, scope::ScopeSet, user::Username},
    store,
};

use super::{BAD_CLIENT, BAD_REFRESH_TOKEN, BAD_USER, ask, assert_refused, with};
use crate::support::{App, Caller, Partner};

/// What an operator can disable.
#[derive(Clone, Copy, Debug)]
enum Account {
    Partner,
    OauthClient,
    User,
}

async fn set_enabled(app: &App, partner: &Partner, account: Account, enabled: bool) {
    let done = match account {
        Account::Partner => store::partner::set_enabled(&app.db, &partner.name, enabled).await,
        Account::OauthClient => {
            let id = OauthClientId::parse(&partner.client_id).expect("a client_id");
            store::oauth_client::set_enabled(&app.db, id, enabled).await
        }
        Account::User => {
            let username = Username::parse(&partner.username).expect("a username");
            store::user::set_enabled(&app.db, &username, enabled).await
        }
    };
    assert!(done.expect("a database"), "{account:?}");
}

#[tokio::test]
async fn the_disabled_get_no_token_and_the_enabled_get_one_again() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let bystander = app.partner("Other").await;
    let mut token = partner.log_in(&app).await.refresh_token;
    for (account, error, at_login, at_refresh) in [
        (Account::Partner, "invalid_client", BAD_CLIENT, BAD_CLIENT),
        (Account::OauthClient, "invalid_client", BAD_CLIENT, BAD_CLIENT),
        (Account::User, "invalid_grant", BAD_USER, BAD_REFRESH_TOKEN),
    ] {
        set_enabled(&app, &partner, account, false).await;
        assert_refused(&ask(&app, &partner.password_grant()).await, error, at_login);
        assert_refused(&partner.refresh(&app, &token).await, error, at_refresh);
        bystander.log_in(&app).await;

        set_enabled(&app, &partner, account, true).await;
        partner.log_in(&app).await;
        token = Caller::of(&app, &partner.refresh(&app, &token).await).refresh_token;
    }
}

#[tokio::test]
async fn disabling_one_of_a_partners_accounts_leaves_the_others() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let colleague = partner.with_user(&app, "client:create").await;
    let sibling = partner.with_oauth_client(&app, "client:create", "password").await;

    set_enabled(&app, &partner, Account::User, false).await;
    colleague.log_in(&app).await;
    set_enabled(&app, &partner, Account::User, true).await;
    set_enabled(&app, &partner, Account::OauthClient, false).await;
    sibling.log_in(&app).await;
    assert_refused(&ask(&app, &colleague.password_grant()).await, "invalid_client", BAD_CLIENT);
}

#[tokio::test]
async fn wrong_passwords_unknown_users_and_other_partners_users_get_one_and_the_same_reply() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let other = app.partner("Other").await;
    let form = partner.password_grant();
    let others_user = with(with(form.clone(), "username", &other.username), "password", &other.password);
    let long = "x".repeat(10_000);
    let mut wrong = vec![others_user, with(form.clone(), "password", &partner.password.to_uppercase())];
    for username in ["nobody", "' or 1=1 --", "\0", "a\u{202e}b", "a\nb", &long, "%", "é", &partner.client_id] {
        wrong.push(with(form.clone(), "username", username));
    }
    for password in ["wrong", "\0", "é", &long, &partner.client_secret, &format!("{}\0", partner.password)] {
        wrong.push(with(form.clone(), "password", password));
    }
    for form in wrong {
        assert_refused(&ask(&app, &form).await, "invalid_grant", BAD_USER);
    }
}

#[tokio::test]
async fn a_username_is_the_same_in_any_letter_case() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let upper = with(partner.password_grant(), "username", &partner.username.to_uppercase());
    Caller::of(&app, &ask(&app, &upper).await);
}

#[tokio::test]
async fn usernames_that_differ_in_letter_case_alone_are_one_in_any_script() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let id = dna_api::store::partner::find(&app.db, &partner.name).await.expect("a database").expect("a partner");
    let username = |text: &str| Username::parse(text).expect("a username");

    for (given, again, other_case) in
        [("Bob Ü", "bob ü", "BOB Ü"), ("Σίσυφος", "σίσυφοσ", "ΣΊΣΥΦΟΣ"), ("Straße", "STRASSE", "strasse")]
    {
        let account = accounts::add_user(&app.db, id, &username(given), ScopeSet::all()).await.expect("a user");
        app.keep_secret(account.password.reveal());
        let twin = accounts::add_user(&app.db, id, &username(again), ScopeSet::all()).await.err().expect("a refusal");
        assert!(twin.to_string().contains("already"), "{twin}");
        let form = with(partner.password_grant(), "username", other_case);
        Caller::of(&app, &ask(&app, &with(form, "password", account.password.reveal())).await);
    }
}

#[tokio::test]
async fn a_new_secret_ends_the_old_one() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let id = OauthClientId::parse(&partner.client_id).expect("a client_id");

    let renewed = accounts::rotate_secret(&app.db, id).await.expect("a new secret");

    let renewed = renewed.client_secret.reveal();
    app.keep_secret(renewed);
    assert_refused(&ask(&app, &partner.password_grant()).await, "invalid_client", BAD_CLIENT);
    Caller::of(&app, &ask(&app, &with(partner.password_grant(), "client_secret", renewed)).await);
}
