//! Find clients by the words of their names and addresses.

use serde_json::Value;

use crate::support::{App, CLIENT, Caller, acme, steve_but};

async fn client(app: &App, caller: &Caller, first_name: &str, last_name: &str, address: &str) -> i64 {
    let changes = [("first_name", first_name), ("last_name", last_name), ("address", address)];
    let reply = caller.create(app, &steve_but(&changes)).await;
    reply.json["client"]["id"].as_i64().unwrap_or_else(|| panic!("{}", reply.text))
}

/// The ids that a search finds, one to a page, in order.
async fn found(app: &App, caller: &Caller, q: &str) -> Vec<i64> {
    let mut pages = Vec::new();
    let mut after = Value::Null;
    loop {
        let mut query = vec![("q", q), ("limit", "1")];
        query.extend(after.as_str().map(|after| ("after", after)));
        let page = crate::support::Reply::of(caller.get(app, CLIENT).query(&query)).await;
        assert_eq!(page.status, 200, "{}", page.text);
        pages
            .extend(page.json["clients"].as_array().expect("clients").iter().map(|c| c["id"].as_i64().expect("an id")));
        after = page.json["next"].clone();
        if after.is_null() {
            pages.sort_unstable();
            return pages;
        }
    }
}

#[tokio::test]
async fn each_word_is_the_beginning_of_a_word_whatever_accents_case_and_script() {
    let (app, caller) = acme().await;
    let steve = client(&app, &caller, "Steve", "Harris", "126 Mendoza avenue aparment 7A").await;
    let jose = client(&app, &caller, "José-María", "Ñuñez", "1 Calle Harbor #5").await;
    let wang = client(&app, &caller, "小明", "王", "Straße 9, Łódź").await;
    let ivan = client(&app, &caller, "Иван", "O'Neil", "Harbor Harvest 12").await;

    for (q, expected) in [
        ("steve", vec![steve]),
        ("STEVE", vec![steve]),
        ("stève hÂr", vec![steve]),
        ("har", vec![steve, jose, ivan]),
        ("harb", vec![jose, ivan]),
        ("harbor harvest", vec![ivan]),
        ("harv harb", vec![ivan]),
        ("nunez jose", vec![jose]),
        ("Ñuñez", vec![jose]),
        ("maria", vec![jose]),
        ("mar-jos", vec![jose]),
        ("ivan", vec![ivan]),
        ("иван", vec![ivan]),
        ("o'neil", vec![ivan]),
        ("strasse", vec![wang]),
        ("lodz", vec![wang]),
        ("王", vec![wang]),
        ("126", vec![steve]),
        ("1", vec![steve, jose, ivan]),
        ("7a", vec![steve]),
        ("teve", vec![]),
        ("steve nunez", vec![]),
        ("st_ve", vec![]),
    ] {
        assert_eq!(found(&app, &caller, q).await, expected, "{q}");
    }
}

#[tokio::test]
async fn a_client_is_found_once_however_many_of_its_words_match() {
    let (app, caller) = acme().await;
    let own = client(&app, &caller, "Harry", "Harris", "1 Harbor street, Harbor").await;
    let other = client(&app, &caller, "Harvey", "Har", "2 Harlem").await;

    for q in ["h", "har", "harr", "harbor", "har har"] {
        let expected = if q.starts_with("harr") || q == "harbor" { vec![own] } else { vec![own, other] };
        assert_eq!(found(&app, &caller, q).await, expected, "{q}");
    }
}

#[tokio::test]
async fn a_client_is_found_by_what_it_has_become_and_no_longer_by_what_it_was() {
    let (app, caller) = acme().await;
    let id = client(&app, &caller, "Steve", "Harris", "1 Main street").await;

    caller.change(&app, id, &[("last_name", "Steve"), ("address", "2 Main road")]).await;

    for (q, is_found) in [("harris", false), ("steve", true), ("street", false), ("road", true), ("main", true)] {
        assert_eq!(!found(&app, &caller, q).await.is_empty(), is_found, "{q}");
    }
    let words: Vec<String> =
        sqlx::query_scalar("select word from client_words order by word").fetch_all(&app.db).await.expect("words");
    assert_eq!(words, ["2", "main", "road", "steve"]);
}

#[tokio::test]
async fn a_name_without_any_letter_makes_no_word() {
    let (app, caller) = acme().await;
    let id = client(&app, &caller, "—", "…", "!").await;

    assert_eq!(app.rows("client_words").await, 0);
    assert_eq!(caller.ids(&app, "").await, [id]);
    assert_eq!(found(&app, &caller, "x").await, [0_i64; 0]);
}
