//! `ns_domain`: what the client's domain on the switch is called.

use dna_api::domain::ns_domain::slug;
use proptest::prelude::{any, prop, prop_assert, proptest};

use crate::support::{App, Caller, acme, acme_with, steve_but};

async fn domain_of(app: &App, caller: &Caller, first: &str, last: &str) -> String {
    let reply = caller.create(app, &steve_but(&[("first_name", first), ("last_name", last)])).await;
    let domain = reply.json["client"]["ns_domain"].as_str();
    domain.unwrap_or_else(|| panic!("{}", reply.text)).to_owned()
}

#[tokio::test]
async fn names_of_any_script_become_latin_letters() {
    let (app, caller) = acme().await;

    for (first, last, domain) in [
        ("Steve", "Harris", "steveharris.com"),
        ("José", "Núñez", "josenunez.com"),
        ("Jose\u{301}", "Ibáñez", "joseibanez.com"),
        ("Øyvind", "Ærlig", "oyvindaerlig.com"),
        ("Jürgen", "Groß", "jurgengross.com"),
        ("Þór", "Ðan", "thordan.com"),
        ("Łukasz", "Żółć", "lukaszzolc.com"),
        ("Işıl", "Çağ", "isilcag.com"),
        ("Дмитрий", "Иванов", "dmitriiivanov.com"),
        ("Γιώργος", "Παππάς", "giorgospappas.com"),
        ("小明", "王", "xiaomingwang.com"),
        ("さくら", "やまだ", "sakurayamada.com"),
        ("민준", "김", "minjungim.com"),
        ("ﬁona", "Ⅷ", "fionaviii.com"),
        ("ＳＴＥＶＥ", "𝕳𝖆𝖗𝖗𝖎𝖘", "steveharris2.com"),
    ] {
        assert_eq!(domain_of(&app, &caller, first, last).await, domain, "{first} {last}");
    }
    for (first, last) in [("محمد", "علي"), ("דוד", "לוי"), ("अमिताभ", "बच्चन"), ("สมชาย", "ใจดี"), ("გიორგი", "ბერიძე")]
    {
        let domain = domain_of(&app, &caller, first, last).await;
        assert!(!domain.starts_with("client") && domain.len() > 8, "{first} {last}: {domain}");
        assert!(domain.trim_end_matches(".com").bytes().all(|b| b.is_ascii_lowercase()), "{domain}");
    }
}

#[tokio::test]
async fn only_letters_stay() {
    let (app, caller) = acme().await;

    for (first, last, domain) in [
        ("Anne-Marie", "O'Neill 3rd", "annemarieoneillrd.com"),
        ("J. R. R.", "(Tolkien)", "jrrtolkien.com"),
        ("Steve 🎸", "☎ 007", "steve.com"),
        ("x.com", "\\..//%00", "xcom.com"),
        ("3", "x", "x.com"),
    ] {
        assert_eq!(domain_of(&app, &caller, first, last).await, domain, "{first} {last}");
    }
}

#[tokio::test]
async fn a_name_without_letters_is_client() {
    let (app, caller) = acme().await;

    let names = [("1", "2"), ("🎸", "🥁"), ("---", "'"), ("٣", "\u{301}"), ("Client", "!")];
    let mut domains = Vec::new();
    for (first, last) in names {
        domains.push(domain_of(&app, &caller, first, last).await);
    }

    assert_eq!(domains, ["client.com", "client2.com", "client3.com", "client4.com", "client5.com"]);
}

#[tokio::test]
async fn a_long_name_is_cut_to_forty_letters() {
    let (app, caller) = acme().await;
    let long = |letters: usize| "abcdefghij".repeat(10)[..letters].to_owned();
    let forty = long(40);

    assert_eq!(domain_of(&app, &caller, &long(20), &long(19)).await, format!("{}{}.com", long(20), long(19)));
    assert_eq!(domain_of(&app, &caller, &long(20), &long(20)).await, format!("{forty}.com"));
    assert_eq!(domain_of(&app, &caller, &long(40), "x").await, format!("{forty}2.com"));
    assert_eq!(domain_of(&app, &caller, &long(100), &long(100)).await, format!("{forty}3.com"));
    let domain = domain_of(&app, &caller, &"щ".repeat(100), &"щ".repeat(100)).await; // several letters each
    assert_eq!(domain.len(), 40 + ".com".len(), "{domain}");
}

#[tokio::test]
async fn the_suffix_is_the_operators_and_the_whole_has_at_most_64_characters() {
    let (app, caller) = acme_with(&[("DNA_NS_DOMAIN_SUFFIX", ".Residential-42.dna.test")]).await;

    assert_eq!(domain_of(&app, &caller, "Steve", "Harris").await, "steveharris.residential-42.dna.test");
    assert_eq!(domain_of(&app, &caller, "Steve", "Harris").await, "steveharris2.residential-42.dna.test");
    app.execute("update ns_domain_counters set taken = 999999998").await;
    assert_eq!(domain_of(&app, &caller, "Steve", "Harris").await, "steveharris999999999.residential-42.dna.test");
    let long = "x".repeat(100);
    let first = domain_of(&app, &caller, &long, &long).await;
    app.execute("update ns_domain_counters set taken = 999999998").await;
    let namesake = domain_of(&app, &caller, &long, &long).await;
    for domain in [first, namesake] {
        assert!(domain.len() <= 64 && domain.ends_with(".residential-42.dna.test"), "{domain}");
    }
}

#[tokio::test]
async fn namesakes_are_numbered_from_two_whoever_they_are() {
    let (app, acme) = acme().await;
    let other = app.partner("Other").await.log_in(&app).await;

    for (caller, first, last, domain) in [
        (&acme, "Steve", "Harris", "steveharris.com"),
        (&other, "Steve", "Harris", "steveharris2.com"),
        (&acme, "STEVE", "harris", "steveharris3.com"),
        (&other, "Stéve", "Hárris", "steveharris4.com"),
        (&acme, "Steve H", "Arris", "steveharris5.com"),
        (&acme, "Steve2", "Harris 2", "steveharris6.com"),
        (&acme, "Steve", "Harri", "steveharri.com"),
    ] {
        assert_eq!(domain_of(&app, caller, first, last).await, domain, "{first} {last}");
    }
}

#[tokio::test]
async fn a_name_is_never_given_out_again() {
    let (app, caller) = acme().await;
    assert_eq!(domain_of(&app, &caller, "Steve", "Harris").await, "steveharris.com");

    app.execute("delete from client_events; delete from clients").await;

    assert_eq!(domain_of(&app, &caller, "Steve", "Harris").await, "steveharris2.com");
    assert_eq!(app.rows("ns_domains").await, 2);
}

#[tokio::test]
async fn a_name_is_never_changed() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;

    for action in ["activate", "suspend", "activate"] {
        assert_eq!(caller.transition(&app, id, action).await.json["client"]["ns_domain"], "steveharris.com");
    }
}

proptest! {
    #[test]
    fn a_slug_has_one_to_forty_letters_and_leaves_room(
        first in prop::collection::vec(any::<char>(), 0..110),
        last in prop::collection::vec(any::<char>(), 0..110),
        suffix in r"\.[a-z][a-z0-9]{0,22}",
    ) {
        let slug = slug(&String::from_iter(first), &String::from_iter(last), &suffix);

        prop_assert!((1..=40).contains(&slug.len()), "{slug}");
        prop_assert!(slug.bytes().all(|b| b.is_ascii_lowercase()), "{slug}");
        prop_assert!(slug.len() + "9999999999".len() + suffix.len() <= 64, "{slug}{suffix}");
    }

    #[test]
    fn a_slug_of_plain_letters_is_the_letters(first in "[A-Za-z]{1,20}", last in "[A-Za-z]{1,20}") {
        assert_eq!(slug(&first, &last, ".com"), format!("{first}{last}").to_ascii_lowercase());
    }
}
