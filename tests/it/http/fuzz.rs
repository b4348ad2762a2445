//! Whatever is sent to create a client: it is created or the request is refused, never both, and the server lives.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_oneof},
    test_runner::{Config, TestRunner},
};
use serde_json::{Map, Value};

use crate::support::{App, CLIENT, Caller, acme, json_of, steve_harris};

/// A request's query, content type and body.
type Input = (Vec<u8>, String, Vec<u8>);

fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..12).prop_map(String::from_iter)
}

fn name() -> impl Strategy<Value = String> {
    let names = steve_harris().into_iter().map(|(name, _)| name.to_owned());
    let names: Vec<String> =
        names.chain(["customer_id", "start_billing_date", "sameBillingAddress"].map(str::to_owned)).collect();
    prop_oneof![4 => proptest::sample::select(names), 1 => text()]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => text().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => vec(text(), 0..3).prop_map(Value::from),
    ]
}

/// Steve Harris with some parameters changed or added.
fn nearly_steve() -> impl Strategy<Value = Map<String, Value>> {
    vec((name(), value()), 0..3).prop_map(|changes| {
        let mut steve = json_of(&steve_harris());
        steve.extend(changes);
        steve
    })
}

fn urlencoded(parameters: &Map<String, Value>) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs = parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(&text(value))));
    pairs.collect::<Vec<_>>().join("&")
}

/// Bytes that may stand in a URL without ending it, whatever they mean there.
fn query() -> impl Strategy<Value = Vec<u8>> {
    let byte = any::<u8>().prop_map(|byte| if byte <= b' ' || byte == 0x7f { b'%' } else { byte });
    prop_oneof![
        4 => Just(Vec::new()),
        2 => vec(byte, 0..40),
        1 => nearly_steve().prop_map(|steve| urlencoded(&steve).into_bytes()),
    ]
}

fn content_type() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just("application/json".to_owned()),
        3 => Just("application/x-www-form-urlencoded".to_owned()),
        2 => Just("multipart/form-data; boundary=x".to_owned()),
        1 => "[ -~]{0,30}",
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        2 => vec(any::<u8>(), 0..300),
        1 => text().prop_map(|text| format!("--x\r\nContent-Disposition: form-data; name=\"{text}\"\r\n\r\n{text}\r\n--x--").into_bytes()),
        4 => nearly_steve().prop_map(|steve| Value::Object(steve).to_string().into_bytes()),
        2 => nearly_steve().prop_map(|steve| urlencoded(&steve).into_bytes()),
        1 => Just(Vec::new()),
    ]
}

/// Sends a request and checks the reply against what became of the table; tells whether it created a client.
async fn check(app: &App, caller: &Caller, before: i64, (query, content_type, body): Input) -> bool {
    let token = &caller.token;
    let head = format!(
        " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: {content_type}\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let start = format!("POST {CLIENT}?");
    let reply = app.send_until_closed([start.as_bytes(), &query, head.as_bytes(), &body].concat()).await;
    let created = [200, 201].contains(&reply.status);
    assert!(created || (400..500).contains(&reply.status), "{reply:?}");
    if !(reply.status == 400 && reply.text.is_empty()) {
        reply.check(); // not the parser's own 400, to what cannot stand in a URL
    }
    assert_eq!(app.rows("clients").await, before + i64::from(created), "{reply:?}");
    created
}

#[test]
fn any_bytes_are_answered_with_a_client_or_a_refusal() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (app, caller) = runtime.block_on(acme());
    let _context = runtime.enter();
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let created = std::cell::Cell::new(0);

    let outcome = runner.run(&(query(), content_type(), body()), |input| {
        if runtime.block_on(check(&app, &caller, created.get(), input)) {
            created.set(created.get() + 1);
        }
        Ok(())
    });

    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(created.get() > 10, "only {} were created: the inputs are too wild", created.get());
    assert_eq!(runtime.block_on(app.rows("client_events")), created.get());
}
