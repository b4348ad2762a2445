//! Bodies that cannot be read.

use crate::support::{CLIENT, Reply, acme, json_of, steve_harris};

const NO_OBJECT: &str = "The request body is not a JSON object.";

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of bodies")]
async fn json_that_is_broken_or_no_object_is_refused() {
    let (app, caller) = acme().await;
    let good = serde_json::to_string(&json_of(&steve_harris())).expect("JSON");
    let lone = |escape: &str| good.replacen("Steve", escape, 1).into_bytes();
    let mut cases: Vec<Vec<u8>> = [
        "{",
        "}",
        "[]",
        "[{}]",
        "\"text\"",
        "1",
        "1.5",
        "true",
        "null",
        " ",
        "{}{}",
        "{},",
        "{'a':1}",
        "{a:1}",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":NaN}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "// x\n{}",
        "\u{feff}{}",
        "{\"a\":nul}",
        "\0",
        "{}\0",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    cases.push(format!("[{good}]").into_bytes());
    cases.push(format!("{good}x").into_bytes());
    cases.push(format!("{good}{good}").into_bytes());
    cases.push(good.as_bytes()[..good.len() - 1].to_vec());
    cases.extend([
        lone("\\ud83c"),
        lone("\\udfb8"),
        lone("\\udfb8\\ud83c"),
        lone("\\ud83cx"),
        lone("\\u00"),
        lone("\\u{41}"),
    ]);
    cases.push(good.replacen("Steve", "\u{1}", 1).into_bytes());
    cases.push([b"{\"first_name\":\"\xff\"}".as_slice()].concat());
    cases.push([b"{\"\xc3\":1}".as_slice()].concat());

    for body in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let request =
            caller.creation(&app).header("content-type", "application/json").query(&steve_harris()).body(body);
        let reply = Reply::of(request).await;
        assert_eq!(reply.status, 400, "{shown}: {}", reply.text);
        reply.is_refused(400, "invalid_request", NO_OBJECT);
    }
    app.has_no_client().await;
}

#[tokio::test]
async fn white_space_around_an_object_is_json() {
    let (app, caller) = acme().await;
    let good = serde_json::to_string_pretty(&json_of(&steve_harris())).expect("JSON");

    let request = caller.creation(&app).header("content-type", "application/json").body(format!("\r\n\t {good} \n"));

    assert_eq!(Reply::of(request).await.status, 201);
}

#[tokio::test]
async fn what_stands_in_an_unknown_member_is_nobodys_business() {
    let (app, caller) = acme().await;
    let good = serde_json::to_string(&json_of(&steve_harris())).expect("JSON");

    for unknown in ["[1e999]".to_owned(), format!("{}{}", "[".repeat(30_000), "]".repeat(30_000)), "1e999".to_owned()] {
        let body = good.replacen('{', &format!(r#"{{"unknown":{unknown},"#), 1);
        let request = caller.creation(&app).header("content-type", "application/json").body(body);
        assert_eq!(Reply::of(request).await.status, 201, "{unknown}");
    }
}

#[tokio::test]
async fn a_broken_query_or_form_is_refused_even_in_parameters_that_nobody_reads() {
    const NOT_UTF8: &str = "The parameters are not UTF-8.";
    const BROKEN: &str = "The parameters hold a broken percent-encoding.";
    let (app, caller) = acme().await;

    for (pair, why) in [
        ("x=%ZZ", BROKEN),
        ("%ZZ=x", BROKEN),
        ("x=%", BROKEN),
        ("x=%4", BROKEN),
        ("x=%%41", BROKEN),
        ("x=%+1", BROKEN),
        ("x=100%", BROKEN),
        ("x=%é", BROKEN),
        ("x=%FF", NOT_UTF8),
        ("%FE%FF", NOT_UTF8),
        ("x=%C3%28", NOT_UTF8),
        ("x=%F0%9F%8E", NOT_UTF8),
        ("x=%ED%A0%BC%ED%BE%B8", NOT_UTF8),
    ] {
        let in_url = Reply::of(caller.post(&app, &format!("{CLIENT}?{pair}")).form(&steve_harris())).await;
        let form = caller.creation(&app).header("content-type", "application/x-www-form-urlencoded");
        let in_body = Reply::of(form.query(&steve_harris()).body(pair)).await;
        for reply in [in_url, in_body] {
            reply.is_refused(400, "invalid_request", why);
        }
    }
    app.has_no_client().await;
}

#[tokio::test]
async fn bytes_above_ascii_may_stand_in_a_url_as_they_are_where_they_are_utf8() {
    let (app, caller) = acme().await;
    let query: Vec<String> =
        steve_harris().iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+"))).collect();
    let create = |first_name: &[u8]| {
        let query = query.join("&").replace("Steve", "\u{1}");
        let (before, after) = query.split_once('\u{1}').expect("a first name");
        let token = &caller.token;
        let end = format!(
            " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        );
        app.send_until_closed(
            [format!("POST {CLIENT}?{before}").as_bytes(), first_name, after.as_bytes(), end.as_bytes()].concat(),
        )
    };

    assert_eq!(create("Zoë".as_bytes()).await.json[0]["client"]["ns_domain"], "zoeharris.com");
    let refused = create(b"Zo\xeb").await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert_eq!(app.rows("clients").await, 1);
}

#[tokio::test]
async fn a_broken_multipart_body_is_refused() {
    let (app, caller) = acme().await;
    let named = "Content-Disposition: form-data; name=\"email\"";

    for body in [
        "",
        "--x",
        "--x\r\n",
        "--y--\r\n",
        "x",
        "--x\r\n\r\n",
        &format!("--x\r\n{named}\r\n\r\nvalue"),
        &format!("--x\r\n{named}"),
        "--x\r\nContent-Disposition: form-data\r\n\r\nvalue\r\n--x--\r\n",
        "--x\r\nno header\r\n\r\nvalue\r\n--x--\r\n",
    ] {
        let request =
            caller.creation(&app).header("content-type", "multipart/form-data; boundary=x").body(body.to_owned());
        let reply = Reply::of(request).await;
        if body.is_empty() {
            assert_eq!(reply.error(), "validation_failed");
        } else {
            reply.is_refused(400, "invalid_request", "The multipart body is broken.");
        }
    }
    app.has_no_client().await;
}

#[tokio::test]
async fn a_body_that_is_cut_off_half_way_creates_nothing_and_is_told_so() {
    let (app, caller) = acme().await;
    let form: Vec<String> =
        steve_harris().iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+"))).collect();
    let (form, token) = (form.join("&"), &caller.token);
    let head = format!(
        "POST {CLIENT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    );
    let length = form.len();

    for cut_off in [
        format!("{head}Content-Length: {}\r\n\r\n{form}", length + 1),
        format!("{head}Content-Length: {length}\r\n\r\n{}", &form[..length / 2]),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{form}\r\n"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{}", &form[..length / 2]),
    ] {
        let reply = app.send_half_closed(cut_off).await;
        assert_eq!((reply.status, &reply.json["error"]), (400, &"invalid_request".into()), "{reply:?}");
        assert_eq!(reply.json["message"], "The request body is incomplete.");
    }
    app.has_no_client().await;
}
