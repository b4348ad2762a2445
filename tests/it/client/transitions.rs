//! Activate and suspend.

use reqwest::{Method, RequestBuilder};

use crate::support::{App, Caller, Reply, acme, acme_with, until};

const ACTIONS: [(&str, &str); 2] = [("activate", "active"), ("suspend", "suspended")];

fn request(app: &App, caller: &Caller, method: Method, id: i64, action: &str) -> RequestBuilder {
    caller.request(app, method, &format!("/api/residential/client/{id}/{action}"))
}

/// Checks that the reply tells the client's status, byte by byte, and since when the database has it.
async fn tells_status(app: &App, reply: &Reply, id: i64, status: &str) {
    let (stored, since) = app.status(id).await;
    let body = format!(
        r#"{{"result":"OK","timestamp":{},"client":{{"id":{id},"ns_domain":"steveharris.com","status":"{status}"}}}}"#,
        since.timestamp()
    );
    assert_eq!((reply.status, &reply.text, &*stored), (200, &body, status));
}

#[tokio::test]
async fn a_pending_client_can_be_activated() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;

    let reply = caller.transition(&app, id, "activate").await;

    tells_status(&app, &reply, id, "active").await;
}

#[tokio::test]
async fn a_pending_client_can_be_suspended() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;

    let reply = caller.transition(&app, id, "suspend").await;

    tells_status(&app, &reply, id, "suspended").await;
}

#[tokio::test]
async fn a_client_changes_from_any_status_by_get_and_by_post() {
    for method in [Method::GET, Method::POST] {
        let (app, caller) = acme().await;
        let id = caller.new_client(&app).await;
        for (from, sql) in [
            ("pending", "update clients set status = 'pending', status_changed_at = now() - interval '1 day'"),
            ("active", "update clients set status = 'active', status_changed_at = now() - interval '1 day'"),
            ("suspended", "update clients set status = 'suspended', status_changed_at = now() - interval '1 day'"),
        ] {
            for (action, target) in ACTIONS {
                app.execute(sql).await;
                let (events, since) = (app.events(id).await, app.status(id).await.1);

                let reply = Reply::of(request(&app, &caller, method.clone(), id, action)).await;

                tells_status(&app, &reply, id, target).await;
                let changed = from != target;
                assert_eq!(app.events(id).await.len(), events.len() + usize::from(changed), "{from} {action}");
                assert_eq!(app.status(id).await.1 > since, changed, "{from} {action}");
            }
        }
    }
}

#[tokio::test]
async fn asking_again_changes_nothing_and_tells_the_same_time() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    caller.transition(&app, id, "activate").await;
    app.execute("update clients set status_changed_at = '2017-05-12 13:50:10.999999Z', updated_at = status_changed_at")
        .await;
    let row = "select clients::text from clients";
    let before: String = sqlx::query_scalar(row).fetch_one(&app.db).await.expect("a client");

    for method in [Method::GET, Method::POST, Method::GET] {
        let reply = Reply::of(request(&app, &caller, method, id, "activate")).await;
        assert_eq!(
            reply.text,
            format!(
                r#"{{"result":"OK","timestamp":1494597010,"client":{{"id":{id},"ns_domain":"steveharris.com","status":"active"}}}}"#
            )
        );
    }

    let after: String = sqlx::query_scalar(row).fetch_one(&app.db).await.expect("a client");
    assert_eq!((app.events(id).await.len(), after), (2, before));
}

#[tokio::test]
async fn a_change_is_an_update_of_the_client_and_of_nothing_else_of_it() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let rest =
        "select (to_jsonb(c) - '{status,status_changed_at,updated_at,last_position}'::text[])::text from clients c";
    let before: String = sqlx::query_scalar(rest).fetch_one(&app.db).await.expect("a client");

    caller.transition(&app, id, "suspend").await;

    let after: String = sqlx::query_scalar(rest).fetch_one(&app.db).await.expect("a client");
    assert_eq!(after, before);
    let same: bool =
        sqlx::query_scalar("select updated_at = status_changed_at and updated_at > created_at from clients")
            .fetch_one(&app.db)
            .await
            .expect("a client");
    assert!(same);
}

#[tokio::test]
async fn a_posts_body_is_ignored_whatever_it_is() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let types = ["", "application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain", ";"];
    let bodies: [&[u8]; 5] = [b"", b"{", b"[1]", b"status=suspended&%ZZ", b"\xff\x00\xfe"];

    for content_type in types {
        for body in bodies {
            for (action, status) in ACTIONS {
                let request =
                    request(&app, &caller, Method::POST, id, action).body(body).header("content-encoding", "gzip");
                let request =
                    if content_type.is_empty() { request } else { request.header("content-type", content_type) };
                let reply = Reply::of(request).await;
                tells_status(&app, &reply, id, status).await;
            }
        }
    }
}

#[tokio::test]
async fn parameters_are_ignored_even_broken_ones() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;

    for query in ["?id=7&status=pending", "?a=1&a=2", "?%ZZ", "?x=%FF%00", "?%", "?", "?=&&=", "?first_name=é"] {
        for method in [Method::GET, Method::POST] {
            for (action, status) in ACTIONS {
                let reply = Reply::of(request(&app, &caller, method.clone(), id, &format!("{action}{query}"))).await;
                tells_status(&app, &reply, id, status).await;
            }
        }
    }
}

#[tokio::test]
async fn a_get_with_a_body_is_refused_and_changes_nothing() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;

    for (action, _) in ACTIONS {
        for body in ["{}", "x", " "] {
            let reply = Reply::of(request(&app, &caller, Method::GET, id, action).body(body)).await;
            reply.is_refused(400, "invalid_request", "A GET request may not have a body.");
        }
    }
    assert_eq!((app.status(id).await.0.as_str(), app.events(id).await.len()), ("pending", 1));
    let empty = request(&app, &caller, Method::GET, id, "activate").header("content-length", "0").body("");
    tells_status(&app, &Reply::of(empty).await, id, "active").await;
}

#[tokio::test]
async fn other_methods_are_refused_and_change_nothing() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let made_up = Method::from_bytes(b"ACTIVATE").expect("a method");

    for method in [Method::HEAD, Method::OPTIONS, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE, made_up] {
        for (action, _) in ACTIONS {
            let reply = Reply::of(request(&app, &caller, method.clone(), id, action)).await;
            assert_eq!((reply.status, reply.header("allow")), (405, "GET, POST"), "{method} {action}");
            if method == Method::HEAD {
                assert_eq!(reply.text, "");
            } else {
                reply.is_refused(405, "method_not_allowed", "The method is not allowed here.");
            }
        }
    }
    assert_eq!((app.status(id).await.0.as_str(), app.events(id).await.len()), ("pending", 1));
}

#[tokio::test]
async fn get_is_announced_as_deprecated_and_post_is_not() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let told = |reply: &Reply| (reply.header("deprecation").to_owned(), reply.header("link").to_owned());
    let deprecated = ("@1495497600".to_owned(), r#"<http://api.test/docs>; rel="deprecation""#.to_owned());

    for (action, _) in ACTIONS {
        for _ in 0..2 {
            let get = Reply::of(request(&app, &caller, Method::GET, id, action)).await;
            assert_eq!(told(&get), deprecated);
            let post = Reply::of(request(&app, &caller, Method::POST, id, action)).await;
            assert_eq!(told(&post), (String::new(), String::new()));
        }
        let unknown = Reply::of(request(&app, &caller, Method::GET, id + 1, action)).await;
        assert_eq!((unknown.status, told(&unknown)), (404, deprecated.clone()));
    }
}

#[tokio::test]
async fn each_get_is_counted_as_a_use_of_the_documented_form_and_no_post_is() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    for method in [Method::GET, Method::POST, Method::GET, Method::GET] {
        for (action, _) in ACTIONS {
            assert_eq!(Reply::of(request(&app, &caller, method.clone(), id, action)).await.status, 200);
        }
    }

    let program = caller.claims()["client_id"].as_str().map(str::to_owned);
    let sql =
        "select uses, oauth_client_id::text from documented_form_uses where last_used_at > now() - interval '1 minute'";
    let uses = async || sqlx::query_as::<_, (i64, Option<String>)>(sql).fetch_all(&app.db).await.expect("uses");
    until("six uses are written", async || uses().await.iter().map(|(count, _)| count).sum::<i64>() >= 6).await;
    assert_eq!(uses().await, [(6, program)]);
}

#[tokio::test]
async fn an_operator_can_turn_the_get_forms_off() {
    let (app, caller) = acme_with(&[("DNA_DOCUMENTED_GET", "off")]).await;
    let id = caller.new_client(&app).await;

    for (action, _) in ACTIONS {
        let reply = Reply::of(request(&app, &caller, Method::GET, id, action)).await;
        assert_eq!(reply.header("allow"), "POST");
        reply.is_refused(405, "method_not_allowed", "The method is not allowed here.");
        let credentials = request(&app, &caller, Method::POST, id, &format!("{action}?client_secret=x"));
        Reply::of(credentials).await.is_refused(400, "invalid_request", "Credentials may not be sent in the URL.");
    }
    assert_eq!((app.status(id).await.0.as_str(), app.events(id).await.len()), ("pending", 1));
    tells_status(&app, &caller.transition(&app, id, "activate").await, id, "active").await;
}
