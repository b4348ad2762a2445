//! Names of any script come back exactly as they were sent.

use crate::support::{Reply, acme, json_of, steve_but};

/// First and last names; the last rows hold marks, joiners, variation selectors and characters beyond the BMP.
const NAMES: [(&str, &str); 17] = [
    ("José", "Núñez y Martínez"),
    ("Jose\u{301}", "Nu\u{303}n\u{303}ez"),
    ("Þórður", "Ægisson"),
    ("Łukasz", "Żółć"),
    ("Nguyễn", "Thị Bích Hằng"),
    ("Дмитрий", "Шостакович"),
    ("Γιώργος", "Παπαδόπουλος"),
    ("小明", "王"),
    ("さくら", "やまだ"),
    ("민준", "김"),
    ("अमिताभ", "बच्चन"),
    ("محمد", "عبد\u{200c}الله"),
    ("\u{200f}דָּוִד\u{200f}", "בֶּן־גּוּרִיּוֹן"),
    ("O'Neill-\"X\" & <b>", "100% +1 \\ / ;=?#"),
    ("👩🏽\u{200d}🚀", "🏳\u{fe0f}\u{200d}🌈"),
    ("Z\u{351}\u{36b}\u{343}a\u{321}lgo", "𝕾𝖙𝖊𝖛𝖊"),
    ("\u{10ffff}\u{e000}\u{fffd}", "x\u{ad}y"),
];

#[tokio::test]
async fn through_every_kind_of_request_and_the_database() {
    let (app, caller) = acme().await;

    for (first, last) in NAMES {
        let parameters = steve_but(&[("first_name", first), ("last_name", last), ("address", last)]);
        let json = json_of(&parameters);
        let form = Reply::of(caller.creation(&app).form(&parameters)).await;
        let in_json = Reply::of(caller.creation(&app).json(&json)).await;
        let ascii = escape(&serde_json::to_string(&json).expect("JSON"));
        let escaped = caller.creation(&app).header("content-type", "application/json").body(ascii);
        let in_url = Reply::of(caller.creation(&app).query(&parameters[..3]).form(&parameters[3..])).await;

        for reply in [form, in_json, Reply::of(escaped).await, in_url] {
            let client = &reply.json["client"];
            assert_eq!(client["first_name"], first, "{}", reply.text);
            assert_eq!((&client["last_name"], &client["address"]), (&last.into(), &last.into()), "{}", reply.text);
            let stored: (String, String) = sqlx::query_as("select first_name, last_name from clients where id = $1")
                .bind(client["id"].as_i64())
                .fetch_one(&app.db)
                .await
                .expect("a client");
            assert_eq!(stored, (first.to_owned(), last.to_owned()));
        }
    }
}

/// JSON in ASCII alone, with surrogate pairs.
fn escape(json: &str) -> String {
    json.encode_utf16()
        .map(|unit| match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
            _ => format!("\\u{unit:04x}"),
        })
        .collect()
}
