//! How long a text may be: in characters after trimming, not in bytes.

use crate::support::{acme, steve_but};

const LIMITS: [(&str, usize); 6] = [
    ("subreseller_id", 64),
    ("first_name", 100),
    ("last_name", 100),
    ("address", 255),
    ("billing_address", 255),
    ("customer_id", 128),
];

fn billed_elsewhere<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    steve_but(&[("same_billing_address", "false"), (name, value)])
}

#[tokio::test]
async fn a_text_of_the_greatest_length_is_kept_whole() {
    let (app, caller) = acme().await;

    for (name, limit) in LIMITS {
        for character in ["x", "é", "漢", "🎸"] {
            let text = character.repeat(limit);
            let padded = format!("  {text}\t");
            let reply = caller.create(&app, &billed_elsewhere(name, &padded)).await;
            assert_eq!(reply.json["client"][name], text, "{name}: {}", reply.text);
        }
    }
}

#[tokio::test]
async fn a_character_more_is_refused() {
    let (app, caller) = acme().await;

    for (name, limit) in LIMITS {
        let why = format!("The {} may not be greater than {limit} characters.", name.replace('_', " "));
        for character in ["x", "é", "🎸"] {
            let text = character.repeat(limit + 1);
            caller.create(&app, &billed_elsewhere(name, &text)).await.is_invalid(&[(name, &why)]);
        }
    }
    app.has_no_client().await;
}

#[tokio::test]
async fn one_character_is_enough() {
    let (app, caller) = acme().await;

    for (name, _) in LIMITS {
        let reply = caller.create(&app, &billed_elsewhere(name, "字")).await;
        assert_eq!(reply.json["client"][name], "字", "{name}: {}", reply.text);
    }
}

#[tokio::test]
async fn an_email_has_at_most_254_characters() {
    let (app, caller) = acme().await;
    let of = |length: usize, domain: &str| {
        let local = "a".repeat(length - domain.chars().count() - 1);
        format!("{local}@{domain}")
    };

    for email in [of(254, "example.com"), of(254, "münchen.de")] {
        let reply = caller.create(&app, &steve_but(&[("email", &email)])).await;
        assert_eq!(reply.json["client"]["email"], email, "{}", reply.text);
    }
    for email in [of(255, "example.com"), of(255, "münchen.de")] {
        let reply = caller.create(&app, &steve_but(&[("email", &email)])).await;
        reply.is_invalid(&[("email", "The email may not be greater than 254 characters.")]);
    }
}
