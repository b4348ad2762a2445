//! `email`: what a browser's e-mail field takes, and internationalised domains.

use serde_json::json;

use crate::support::{acme, steve_but, steve_json};

#[tokio::test]
async fn what_a_browser_takes_is_kept_as_sent() {
    let (app, caller) = acme().await;
    let label = "d".repeat(63);
    let long_label = format!("a@{label}.com");

    for email in [
        "email@email.com",
        "a@b",
        "Steve.Harris+dna@Sub.Example.COM",
        "!#$%&'*+/=?^_`{|}~-@example.com",
        ".leading..dots.@example.com",
        "0@1.2",
        "user@localhost",
        "user@192.0.2.1",
        "user@xn--mnchen-3ya.de",
        &long_label,
    ] {
        let reply = caller.create(&app, &steve_but(&[("email", email)])).await;
        assert_eq!(reply.json["client"]["email"], email, "{email}: {}", reply.text);
    }
}

#[tokio::test]
async fn an_internationalised_domain_is_taken_and_kept_as_sent() {
    let (app, caller) = acme().await;

    for email in ["info@münchen.de", "a@例え.jp", "b@пример.рф", "c@مثال.إختبار", "d@उदाहरण.भारत", "e@BÜCHER.example"]
    {
        let reply = caller.create(&app, &steve_but(&[("email", email)])).await;
        assert_eq!(reply.json["client"]["email"], email, "{email}: {}", reply.text);
    }
}

#[tokio::test]
async fn everything_else_is_no_address() {
    let (app, caller) = acme().await;
    let why = [("email", "The email must be a valid email address.")];
    let label = format!("a@{}.com", "d".repeat(64));

    for email in [
        "email",
        "@",
        "a@",
        "@b",
        "a@b@c",
        "a b@c",
        "a@b c",
        "a@.b",
        "a@b.",
        "a@b..c",
        "a@-b",
        "a@b-",
        "a@b_c",
        "a@[192.0.2.1]",
        "\"quoted\"@example.com",
        "Steve <a@b.com>",
        "a,b@c",
        "a@b,c@d",
        "a@b;c",
        "mailto:a@b",
        "(x)a@b",
        "josé@example.com",
        "a@\u{200b}",
        "a@exa\u{202e}mple",
        "a@münchen..de",
        "a@-münchen.de",
        "a@mün chen.de",
        "a@b\nc",
        "a@münchen\n.de",
        &label,
    ] {
        caller.create(&app, &steve_but(&[("email", email)])).await.is_invalid(&why);
    }
    for value in [json!(1), json!(true), json!(false), json!(1.5)] {
        caller.create_json(&app, &steve_json("email", value)).await.is_invalid(&why);
    }
    app.has_no_client().await;
}
