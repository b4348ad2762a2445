use dna_api::{domain::user::Username, store};
use reqwest::RequestBuilder;
use serde_json::json;
use uuid::Uuid;

use super::PATH;
use crate::support::{App, Audited, Reply};

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// Whom an entry names.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Names {
    Nobody,
    AnOauthClient,
    APartner,
    AUser,
}

impl Names {
    fn of(entry: &Audited) -> Self {
        match (entry.user_id, entry.partner_id.is_nil(), entry.oauth_client_id) {
            (Some(_), false, Some(_)) => Self::AUser,
            (None, false, Some(_)) => Self::APartner,
            (None, true, Some(sent)) => {
                assert_eq!(sent, NOBODY.parse::<Uuid>().expect("a UUID"));
                Self::AnOauthClient
            }
            (None, true, None) => Self::Nobody,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_refusal_is_on_record_with_its_true_reason_which_the_caller_is_not_told() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let disabled = partner.with_user(&app, "client:create").await;
    store::user::set_enabled(&app.db, &Username::parse(&disabled.username).expect("a username"), false)
        .await
        .expect("disabled");
    let narrow = partner.with_oauth_client(&app, "client:create", "password").await;
    let login = partner.with_user(&app, "client:suspend").await.log_in(&app).await;

    let with = |mut form: Vec<(&'static str, String)>, name: &'static str, value: &str| {
        form.retain(|(given, _)| *given != name);
        form.push((name, value.to_owned()));
        form
    };
    let form = partner.password_grant();
    let cases = [
        (with(form.clone(), "password", "wrong"), "wrong password", Names::AUser),
        (with(form.clone(), "username", "who"), "unknown user", Names::APartner),
        (disabled.password_grant(), "user disabled", Names::AUser),
        (with(form.clone(), "username", ""), "no username or password", Names::APartner),
        (with(form.clone(), "client_secret", "wrong"), "wrong client_secret", Names::APartner),
        (with(form.clone(), "client_id", NOBODY), "unknown client_id", Names::AnOauthClient),
        (with(form.clone(), "client_id", "no UUID"), "unknown client_id", Names::Nobody),
        (with(form.clone(), "scope", "client:fly"), "unknown scope", Names::APartner),
        (with(narrow.password_grant(), "scope", "client:read"), "scope beyond the OAuth client's", Names::APartner),
        (narrow.refresh_grant("any"), "grant not allowed to the OAuth client", Names::APartner),
        (
            with(partner.refresh_grant(&login.refresh_token), "scope", "client:read"),
            "scope beyond the login's",
            Names::AUser,
        ),
    ];
    for (form, reason, names) in cases {
        let reply = Reply::of(app.post(PATH).form(&form)).await;
        let entry = app.last_audited().await;

        assert_eq!((entry.kind.as_str(), &entry.detail["reason"]), ("token_refused", &json!(reason)));
        assert_eq!(entry.detail["error"], reply.json["error"], "{reason}");
        assert!(!reply.text.contains(reason), "{}", reply.text);
        assert_eq!(entry.request_id.as_deref(), Some(reply.header("x-request-id")), "{reason}");
        assert_eq!(entry.address.as_deref(), Some("127.0.0.1"), "{reason}");
        assert_eq!(Names::of(&entry), names, "{reason}");
    }
}

#[tokio::test]
async fn what_asks_in_nobodys_name_is_in_the_log_alone() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let whole = partner.password_grant();
    let only = |names: &[&str]| {
        whole.iter().filter(|(name, _)| names.contains(name)).cloned().collect::<Vec<(&'static str, String)>>()
    };
    let twice = [whole.clone(), only(&["username"])].concat();
    let requests: [(RequestBuilder, &str); 6] = [
        (app.post(PATH), "no grant_type"),
        (app.post(PATH).form(&[("grant_type", "implicit")]), "unknown grant type"),
        (app.post(PATH).form(&only(&["grant_type", "username", "password"])), "no client credentials"),
        (app.post(PATH).form(&whole).header("Authorization", "Basic ???"), "broken Basic header"),
        (app.post(PATH).form(&twice), "repeated parameter"),
        (app.post(PATH).body("x").header("Content-Type", "text/html"), "unknown content type"),
    ];
    for (request, reason) in requests {
        let reply = Reply::of(request).await;
        assert!(reply.status == 400 || reply.status == 401, "{reply:?}");
        assert!(app.log().contains(reason), "{reason}");
    }
    assert_eq!(app.rows("audit_log").await, 0);
}

#[tokio::test]
async fn nothing_that_a_caller_wrote_is_on_record() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    // What programs and people put into the wrong field; it must be neither in the log nor on record.
    app.keep_secret("typed-into-the-wrong-field");
    for name in ["username", "password", "client_secret", "client_id", "scope", "other"] {
        let mut form = partner.password_grant();
        form.retain(|(given, _)| *given != name);
        form.push((name, "typed-into-the-wrong-field".to_owned()));
        Reply::of(app.post(PATH).form(&form)).await;
    }
    let refused = partner.refresh(&app, "typed-into-the-wrong-field").await;
    assert_eq!(refused.status, 400);
    let entries = app.audit().await;
    assert_eq!(entries.iter().filter(|entry| entry.kind == "token_refused").count(), 6);
}
