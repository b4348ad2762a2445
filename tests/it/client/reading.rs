//! Read a client.

use reqwest::{Method, RequestBuilder, StatusCode};

use crate::support::{App, CLIENT, Reply, acme, steve_harris};

/// Status, entity tag and body of a reply that may have no body.
async fn bare(request: RequestBuilder) -> (StatusCode, String, String) {
    let reply = Reply::read(request).await;
    for header in ["cache-control", "x-request-id", "x-content-type-options"] {
        assert!(reply.headers.contains_key(header), "{header}");
    }
    (StatusCode::from_u16(reply.status).expect("a status"), reply.header("etag").to_owned(), reply.text)
}

#[tokio::test]
async fn a_client_reads_as_it_was_created() {
    let (app, caller) = acme().await;
    let created = caller.create(&app, &steve_harris()).await;
    let id = &created.json["client"]["id"];

    let read = caller.read(&app, &format!("{CLIENT}/{id}")).await;

    assert_eq!((read.status, &read.text), (200, &created.text));
}

#[tokio::test]
async fn each_change_has_an_entity_tag_of_its_own_and_what_changes_nothing_keeps_it() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let path = format!("{CLIENT}/{id}");
    let mut tags = vec![caller.read(&app, &path).await.header("etag").to_owned()];

    for action in ["activate", "suspend", "cancel", "activate"] {
        caller.transition(&app, id, action).await;
        tags.push(caller.read(&app, &path).await.header("etag").to_owned());
        caller.transition(&app, id, action).await;
        assert_eq!(caller.read(&app, &path).await.header("etag"), tags[tags.len() - 1]);
    }
    let changed = caller.change(&app, id, &[("address", "1 Other street")]).await;
    tags.push(changed.header("etag").to_owned());
    assert_eq!(caller.read(&app, &path).await.header("etag"), changed.header("etag"));

    let strong = |tag: &String| tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"');
    assert!(tags.iter().all(strong), "{tags:?}");
    let all = tags.len();
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), all);
}

#[tokio::test]
async fn who_has_the_client_as_it_is_gets_304_and_no_body() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let path = format!("{CLIENT}/{id}");
    let tag = caller.read(&app, &path).await.header("etag").to_owned();
    let ask = async |method: Method, known: &str| {
        bare(caller.request(&app, method, &path).header("if-none-match", known)).await
    };

    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        for method in [Method::GET, Method::HEAD] {
            assert_eq!(ask(method, &known).await, (StatusCode::NOT_MODIFIED, tag.clone(), String::new()), "{known}");
        }
    }
    for known in ["\"x\"", "x", "", "\"\""] {
        let (status, told, body) = ask(Method::GET, known).await;
        assert_eq!((status, told, body.is_empty()), (StatusCode::OK, tag.clone(), false), "{known}");
    }
    caller.transition(&app, id, "activate").await;
    assert_eq!(ask(Method::GET, &tag).await.0, StatusCode::OK);
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let path = format!("{CLIENT}/{id}");

    let (get, head) = (caller.read(&app, &path).await, Reply::of(caller.request(&app, Method::HEAD, &path)).await);

    assert_eq!((head.status, head.text.as_str()), (200, ""));
    for header in ["etag", "content-length", "content-type"] {
        assert_eq!(head.header(header), get.header(header), "{header}");
    }
}

#[tokio::test]
async fn what_is_not_the_partners_is_not_there() {
    let (app, caller) = acme().await;
    let other = app.partner("Other").await.log_in(&app).await;
    let theirs = other.new_client(&app).await;

    for id in [theirs.to_string(), "4711".to_owned(), "x".to_owned(), format!("0{theirs}"), "%ZZ".to_owned()] {
        for path in [format!("{CLIENT}/{id}"), format!("{CLIENT}/{id}/events")] {
            caller.read(&app, &path).await.is_refused(404, "not_found", "There is nothing here.");
        }
        let change = Reply::of(caller.post(&app, &format!("{CLIENT}/{id}")).form(&[("email", "a@b.c")])).await;
        change.is_refused(404, "not_found", "There is nothing here.");
        let cancel = Reply::of(caller.post(&app, &format!("{CLIENT}/{id}/cancel"))).await;
        cancel.is_refused(404, "not_found", "There is nothing here.");
    }
    assert_eq!(app.events(theirs).await.len(), 1);
}

#[tokio::test]
async fn an_erased_client_is_gone_from_everywhere_but_the_feed() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let kept = caller.new_client(&app).await;
    app.execute("update clients set erased_at = now() where id = 1").await;

    for (method, path) in [
        (Method::GET, format!("{CLIENT}/{id}")),
        (Method::PATCH, format!("{CLIENT}/{id}")),
        (Method::POST, format!("{CLIENT}/{id}")),
        (Method::GET, format!("{CLIENT}/{id}/events")),
        (Method::GET, format!("{CLIENT}/{id}/activate")),
        (Method::POST, format!("{CLIENT}/{id}/suspend")),
        (Method::POST, format!("{CLIENT}/{id}/cancel")),
        (Method::GET, "/api/residential/domain/steveharris.com".to_owned()),
    ] {
        let reply = Reply::of(caller.request(&app, method, &path)).await;
        reply.is_refused(410, "gone", "The client was erased.");
    }
    assert_eq!(caller.ids(&app, "").await, [kept]);
    assert_eq!(caller.ids(&app, "?q=steve").await, [kept]);
    assert_eq!(app.events(id).await.len(), 1);
    assert_eq!(caller.feed(&app, 2).await.len(), 2);
}

#[tokio::test]
async fn each_needs_its_scope() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let id = partner.log_in(&app).await.new_client(&app).await;
    let create = partner.log_in_for(&app, "client:create client:activate client:suspend").await;
    let client = format!("{CLIENT}/{id}");

    for (method, path, scope) in [
        (Method::GET, CLIENT.to_owned(), "client:read"),
        (Method::GET, client.clone(), "client:read"),
        (Method::GET, format!("{client}/events"), "client:read"),
        (Method::GET, "/api/residential/event".to_owned(), "client:read"),
        (Method::GET, "/api/residential/domain/x.com".to_owned(), "client:read"),
        (Method::PATCH, client.clone(), "client:update"),
        (Method::POST, client.clone(), "client:update"),
        (Method::POST, format!("{client}/cancel"), "client:cancel"),
    ] {
        let reply = Reply::of(create.request(&app, method.clone(), &path)).await;
        reply.is_refused(403, "insufficient_scope", &format!("The access token lacks the scope {scope}."));
        let good = partner.log_in_for(&app, scope).await;
        assert_ne!(Reply::of(good.request(&app, method, &path)).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn each_path_names_its_methods() {
    let (app, caller) = acme().await;
    let client = format!("{CLIENT}/1");

    for (path, allow) in [
        (CLIENT.to_owned(), "GET, HEAD, POST"),
        (client.clone(), "GET, HEAD, PATCH, POST"),
        (format!("{client}/events"), "GET, HEAD"),
        (format!("{client}/cancel"), "POST"),
        ("/api/residential/event".to_owned(), "GET, HEAD"),
        ("/api/residential/domain/x.com".to_owned(), "GET, HEAD"),
    ] {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::PUT, Method::DELETE] {
            let reply = Reply::of(caller.request(&app, method.clone(), &path)).await;
            let allowed = allow.split(", ").any(|name| name == method.as_str());
            let refused = (reply.status, reply.header("allow")) == (405, allow);
            assert_eq!(refused, !allowed, "{method} {path}");
        }
    }
    for path in [CLIENT, &client, "/api/residential/event"] {
        let reply = Reply::of(caller.get(&app, path).body("{}")).await;
        reply.is_refused(400, "invalid_request", "A GET request may not have a body.");
    }
}
