//! Which OAuth client asks: by parameters or by HTTP Basic, never by both.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use dna_api::{crypto::secret, domain::oauth_client::OauthClientId, store};
use reqwest::RequestBuilder;

use super::{BAD_CLIENT, Form, PATH, ask, assert_refused, with, without};
use crate::support::{App, Caller, Partner, Reply};

const TWO_WAYS: &str = "Client credentials were given in two ways.";

fn anonymous(form: Form) -> Form {
    without(without(form, "client_id"), "client_secret")
}

/// A login whose credentials are only in the header.
fn basic(app: &App, partner: &Partner, scheme: &str, pair: &str) -> RequestBuilder {
    let header = format!("{scheme} {}", BASE64_STANDARD.encode(pair));
    app.post(PATH).form(&anonymous(partner.password_grant())).header("authorization", header)
}

/// Gives the OAuth client a secret that reads differently when it is urldecoded.
async fn set_secret(app: &App, partner: &Partner, text: &str) {
    let id = OauthClientId::parse(&partner.client_id).expect("a client_id");
    assert!(store::oauth_client::set_secret(&app.db, id, &secret::hash(text), false).await.expect("a database"));
    app.keep_secret(text);
}

#[tokio::test]
async fn the_scheme_basic_is_read_in_any_letter_case() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let pair = format!("{}:{}", partner.client_id, partner.client_secret);
    for scheme in ["Basic", "basic", "BASIC", "bAsIc", "Basic "] {
        Caller::of(&app, &Reply::of(basic(&app, &partner, scheme, &pair)).await);
    }
}

#[tokio::test]
async fn basic_is_urldecoded_and_failing_that_read_as_it_stands() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let id = &partner.client_id;
    for (secret, sent) in [
        ("a+b%2Fc:d e&f", ["a%2Bb%252Fc%3Ad%20e%26f", "a%2Bb%252Fc%3ad+e%26f", "a+b%2Fc:d e&f"]),
        (
            "per cent 100% and %ZZ",
            ["per%20cent+100%25%20and%20%25ZZ", "per cent 100% and %ZZ", "per+cent+100%25+and+%25ZZ"],
        ),
        (
            "naïve-пароль-密碼",
            ["na%C3%AFve-пароль-密碼", "naïve-пароль-密碼", "naïve-%D0%BF%D0%B0%D1%80%D0%BE%D0%BB%D1%8C-密碼"],
        ),
        (":colons:inside::", [":colons:inside::", "%3Acolons%3Ainside%3A%3A", "%3acolons:inside:%3A"]),
    ] {
        set_secret(&app, &partner, secret).await;
        for sent in sent {
            Caller::of(&app, &Reply::of(basic(&app, &partner, "Basic", &format!("{id}:{sent}"))).await);
        }
        let encoded_id = id.replace('-', "%2D");
        let once = sent[0];
        Caller::of(&app, &Reply::of(basic(&app, &partner, "Basic", &format!("{encoded_id}:{once}"))).await);
    }
}

#[tokio::test]
async fn a_parameter_is_urldecoded_once() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    set_secret(&app, &partner, "a+b%2Fc").await;

    let right = ask(&app, &with(partner.password_grant(), "client_secret", "a+b%2Fc")).await;
    let twice = ask(&app, &with(partner.password_grant(), "client_secret", "a%2Bb%252Fc")).await;

    Caller::of(&app, &right);
    assert_refused(&twice, "invalid_client", BAD_CLIENT);
}

#[tokio::test]
async fn basic_may_come_with_the_same_client_id_alone() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let form = anonymous(partner.password_grant());
    let with_basic = |form: &Form| {
        let pair = (&partner.client_id, &partner.client_secret);
        app.post(PATH).form(form).basic_auth(pair.0, Some(pair.1))
    };

    Caller::of(&app, &Reply::of(with_basic(&with(form.clone(), "client_id", &partner.client_id))).await);
    Caller::of(&app, &Reply::of(with_basic(&with(form.clone(), "client_secret", ""))).await);

    let other = app.partner("Other").await.client_id;
    for two in [
        with(form.clone(), "client_id", &other),
        with(form.clone(), "client_id", "x"),
        with(form.clone(), "client_secret", &partner.client_secret),
        with(form.clone(), "client_secret", "wrong"),
        partner.password_grant(),
    ] {
        assert_refused(&Reply::of(with_basic(&two)).await, "invalid_request", TWO_WAYS);
    }
    let in_url = app.post(PATH).query(&[("client_secret", "wrong")]).form(&form);
    let in_url = in_url.basic_auth(&partner.client_id, Some(&partner.client_secret));
    assert_refused(&Reply::of(in_url).await, "invalid_request", TWO_WAYS);
}

#[tokio::test]
async fn two_authorization_headers_are_refused() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let request = app.post(PATH).form(&anonymous(partner.password_grant()));
    let request = request.basic_auth(&partner.client_id, Some(&partner.client_secret));
    let request = request.header("authorization", "Basic eDp5");

    assert_refused(&Reply::of(request).await, "invalid_request", "There are two Authorization headers.");
}

#[tokio::test]
async fn wrong_missing_and_half_credentials_get_one_and_the_same_reply() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let other = app.partner("Other").await;
    let (id, secret, form) = (&partner.client_id, &partner.client_secret, partner.password_grant());
    let anonymous = anonymous(form.clone());
    let nobody = "00000000-0000-4000-8000-000000000000";
    let upper = id.to_uppercase();
    for form in [
        anonymous.clone(),
        without(form.clone(), "client_id"),
        without(form.clone(), "client_secret"),
        with(form.clone(), "client_secret", "wrong"),
        with(form.clone(), "client_secret", &other.client_secret),
        with(form.clone(), "client_secret", &secret.to_uppercase()),
        with(form.clone(), "client_id", &other.client_id),
        with(form.clone(), "client_id", nobody),
        with(form.clone(), "client_id", "' or 1=1 --"),
        with(form.clone(), "client_id", "\0"),
        with(form.clone(), "client_id", &upper),
        with(form.clone(), "client_id", &id.replace('-', "")),
    ] {
        assert_refused(&ask(&app, &form).await, "invalid_client", BAD_CLIENT);
    }
    let encode = |pair: String| format!("Basic {}", BASE64_STANDARD.encode(pair));
    for header in [
        encode(format!("{id}:wrong")),
        encode(format!("{id}:")),
        encode(format!(":{secret}")),
        encode(":".to_owned()),
        encode(id.clone()),
        encode(format!("{nobody}:{secret}")),
        format!("Basic {id}:{secret}"),
        "Basic".to_owned(),
        "Basic !".to_owned(),
        format!("Basic {}", BASE64_STANDARD.encode(b"\xff\xfe:\xff")),
        format!("Bearer {secret}"),
        "Negotiate x".to_owned(),
    ] {
        let request = app.post(PATH).form(&anonymous).header("authorization", &header);
        assert_refused(&Reply::of(request).await, "invalid_client", BAD_CLIENT);
    }
}

#[tokio::test]
async fn another_scheme_than_basic_does_not_stand_in_the_way_of_parameters() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let caller = partner.log_in(&app).await;
    for header in [format!("Bearer {}", caller.token), "Negotiate x".to_owned()] {
        let request = app.post(PATH).form(&partner.password_grant()).header("authorization", header);
        Caller::of(&app, &Reply::of(request).await);
    }
}
