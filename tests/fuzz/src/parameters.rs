//! The parameters of a request: of its URL, of a form, of JSON, of a multipart body; and what is made of them.

use axum::{
    body::Body,
    extract::Request,
    http::{Method, Uri, header},
};
use dna_api::{
    domain::{
        client::NewClient,
        client_filter::{Asked, BadQuery},
        import::{Export, Options},
        json,
        parameters::{Parameters, Value},
        reason,
        validation::ValidationErrors,
    },
    http::body::{self, Unreadable},
    oauth::request::{CREDENTIALS, TokenRequest},
};
use serde_json::Map;
use tokio::runtime::{Builder, Runtime};

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
}

/// What a body of that type holds.
fn read(media_type: &str, body: Vec<u8>) -> Result<Parameters, Unreadable> {
    let request = Request::builder().method(Method::POST).header(header::CONTENT_TYPE, media_type);
    let request = request.body(Body::from(body)).expect("a request");
    let read = RUNTIME.with(|runtime| runtime.block_on(body::form(request))).map(|form| form.parameters);
    if let Err(refusal) = &read {
        judge(refusal);
    }
    read
}

/// Of a body that is there, of a known type and short enough, only this can be said.
fn judge(refusal: &Unreadable) {
    let Unreadable::Malformed(why) = refusal else { panic!("{refusal:?}") };
    // RFC 6749 §5.2
    assert!(why.bytes().all(|b| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\'), "{why}");
}

fn pairs(parameters: &Parameters) -> Vec<(String, Option<String>)> {
    parameters.pairs().map(|(name, text)| (name.to_owned(), text.map(str::to_owned))).collect()
}

/// As a browser would send them.
fn encode(parameters: &Parameters) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        b' ' => "+".to_owned(),
        _ => format!("%{byte:02x}"),
    };
    let text = |text: &str| text.bytes().map(byte).collect::<String>();
    let names = parameters.names();
    let pairs = names.zip(texts(parameters)).map(|(name, value)| format!("{}={}", text(name), text(&value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The values as they came, untrimmed.
fn texts(parameters: &Parameters) -> Vec<String> {
    let mut seen = std::collections::HashMap::<&str, usize>::new();
    let nth = parameters.names().map(|name| {
        let seen = seen.entry(name).or_default();
        *seen += 1;
        (name, *seen - 1)
    });
    let nth: Vec<_> = nth.collect();
    let text = |(name, n): (&str, usize)| parameters.all(name).nth(n).and_then(Value::as_text).map(str::to_owned);
    nth.into_iter().map(|one| text(one).unwrap_or_default()).collect()
}

fn explained(errors: &ValidationErrors) {
    assert!(!errors.is_empty() && !errors.message().is_empty());
}

fn listed<F: PartialEq + std::fmt::Debug>(
    parse: impl Fn(&Parameters) -> Result<Asked<F>, BadQuery>,
    given: &Parameters,
) {
    match parse(given) {
        Ok(asked) => {
            // A link to the next page asks for the same.
            let again = asked.given.iter().map(|(name, text)| ((*name).to_owned(), Value::Text(text.clone())));
            let after = asked.after.iter().map(|after| ("after".to_owned(), Value::Text(after.clone())));
            let again = parse(&Parameters::new(again.chain(after).collect(), Vec::new()));
            assert_eq!(again, Ok(asked));
        }
        Err(BadQuery::Invalid(errors)) => explained(&errors),
        Err(BadQuery::OfCreation | BadQuery::Unknown) => {}
    }
}

/// Hands parameters to everything that reads some.
fn understand(parameters: &Parameters) {
    match NewClient::parse(parameters) {
        Ok(new) => {
            for text in [&new.email, &new.first_name, &new.last_name, &new.address, &new.zipcode] {
                assert!(!text.trim().is_empty() && text.trim() == text && !text.contains(char::is_control), "{text:?}");
            }
            assert!(new.first_name.chars().count() <= 100 && new.address.chars().count() <= 255);
            assert_eq!(NewClient::change(Some(&new), &Parameters::default()), Ok(Some(new.clone())), "nothing changes");
            if let Ok(Some(changed)) = NewClient::change(Some(&new), parameters) {
                assert_eq!(changed, new, "the same once more");
            }
        }
        Err(errors) => explained(&errors),
    }
    listed(Asked::clients, parameters);
    listed(Asked::events, parameters);
    listed(Asked::feed, parameters);
    if let Err(errors) = Options::parse(parameters) {
        explained(&errors);
    }
    if let Err(BadQuery::Invalid(errors)) = Export::parse(parameters) {
        explained(&errors);
    }
    if let Err(errors) = reason::parse(parameters) {
        explained(&errors);
    }
    match TokenRequest::new(parameters) {
        Ok(request) => {
            for name in ["client_id", "username", "token"].iter().chain(&CREDENTIALS) {
                if let Ok(Some(text)) = request.text(name) {
                    assert!(!text.is_empty() && text.trim() == text);
                }
                let _ = request.secret(name);
            }
            for refusal in [request.grant_type("nothing").err(), request.scope().err()].into_iter().flatten() {
                let said = [Some(refusal.description), refusal.hint.as_deref()].into_iter().flatten();
                for text in said {
                    let fits = |b: u8| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\';
                    assert!(!text.is_empty() && text.bytes().all(fits), "{text}");
                }
            }
        }
        Err(_) => assert!(parameters.repeated().is_some()),
    }
}

/// The bytes are a query and a form: both are read in the same way, and what was read can be written and read again.
pub(crate) fn urlencoded(data: &[u8]) {
    const FORM: &str = "application/x-www-form-urlencoded";
    let form = (!data.is_empty()).then(|| read(FORM, data.to_vec()));
    if let Ok(uri) = Uri::try_from([b"/?", data].concat()) {
        let url = body::of_url(&uri);
        if let Err(refusal) = &url {
            judge(refusal);
        }
        // A fragment is no part of a query.
        if let (Some(form), false) = (&form, data.contains(&b'#')) {
            assert_eq!(url.as_ref().ok().map(pairs), form.as_ref().ok().map(pairs));
        }
        if let Ok(url) = url {
            assert!(url.are_documented_form());
            understand(&url);
        }
    }
    let Some(Ok(form)) = form else { return };
    assert_eq!(form.are_documented_form(), form.is_empty());
    understand(&form);
    let encoded = encode(&form).into_bytes();
    if !encoded.is_empty() {
        let again = read(FORM, encoded).expect("what we wrote");
        assert_eq!(again, form);
    }
}

/// The bytes are a JSON body: what serde reads we read, to the same members, and what was read can be written and read
/// again. What we read serde may refuse: it wants numbers of a size.
pub(crate) fn json(data: &[u8]) {
    let ours = json::object(data);
    if let Ok(theirs) = serde_json::from_slice::<Map<String, serde_json::Value>>(data) {
        let ours = ours.as_ref().expect("an object");
        let mut last = std::collections::HashMap::new();
        last.extend(ours.iter().map(|(name, value)| (name.as_str(), value)));
        assert_eq!(last.len(), theirs.len());
        for (name, theirs) in &theirs {
            let same = match (last[name.as_str()], theirs) {
                (Value::Text(ours), serde_json::Value::String(theirs)) => ours == theirs,
                (Value::Bool(ours), serde_json::Value::Bool(theirs)) => ours == theirs,
                (Value::Number(ours), serde_json::Value::Number(theirs)) => {
                    // Of many digits serde's last one is not always the nearest.
                    let (ours, theirs) = (ours.parse::<f64>().expect("a number"), theirs.as_f64().expect("a number"));
                    (ours - theirs).abs() <= theirs.abs() * 1e-15
                }
                (Value::Structure, theirs) => theirs.is_array() || theirs.is_object(),
                (ours, theirs) => *ours == Value::Null && theirs.is_null(),
            };
            assert!(same, "{:?} is not {theirs:?}", last[name.as_str()]);
        }
    }
    if !data.is_empty() && data.len() <= 64 * 1024 {
        let read = read("application/json", data.to_vec());
        assert_eq!(read.is_ok(), ours.is_ok());
        if let Ok(parameters) = read {
            understand(&parameters);
        }
    }
    let Ok(members) = ours else { return };
    let text = |text: &str| serde_json::to_string(text).expect("a string");
    let member = |(name, value): &(String, Value)| {
        let value = match value {
            Value::Text(value) => text(value),
            Value::Bool(value) => value.to_string(),
            Value::Number(digits) => digits.clone(),
            Value::Null => "null".to_owned(),
            Value::Structure => "{}".to_owned(),
        };
        format!("{}:{value}", text(name))
    };
    let written = format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","));
    assert_eq!(json::object(written.as_bytes()).expect("what we wrote"), members);
}

/// The bytes are a multipart body; and, taken as text, values that are put into one come out as they were.
pub(crate) fn multipart(data: &[u8]) {
    const TYPE: &str = "multipart/form-data; boundary=b";
    if data.is_empty() {
        return;
    }
    if let Ok(parameters) = read(TYPE, data.to_vec()) {
        understand(&parameters);
    }
    let Ok(text) = str::from_utf8(data) else { return };
    let values: Vec<&str> = text.split('\0').take(100).collect();
    if text.contains("--b") || text.len() > 50_000 {
        return;
    }
    let part = |(n, value)| format!("--b\r\nContent-Disposition: form-data; name=\"n{n}\"\r\n\r\n{value}\r\n");
    let body: String = values.iter().enumerate().map(part).chain(["--b--\r\n".to_owned()]).collect();
    let parameters = read(TYPE, body.into_bytes()).expect("what we wrote");
    assert_eq!(texts(&parameters), values);
}
