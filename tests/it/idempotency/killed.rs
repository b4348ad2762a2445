//! A server that is killed between the commit and its reply. `DNA_TEST_KILLS=500` is the long form.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tokio::time::sleep;

use crate::support::{
    CLIENT, Reply, database,
    program::{Folder, Server, run_json},
    steve_harris, until,
};

const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Requests that are in flight when the server is killed.
const CALLERS: usize = 4;

fn creation(server: &Server, token: &str, key: &str) -> RequestBuilder {
    server.post(CLIENT).bearer_auth(token).header("Idempotency-Key", key).form(&steve_harris())
}

async fn token(server: &Server, account: &Value) -> String {
    let value = |name: &str| account[name].as_str().expect(name).to_owned();
    let mut form = vec![("grant_type", "password".to_owned())];
    form.extend(["client_id", "client_secret", "username", "password"].map(|name| (name, value(name))));
    let reply = Reply::of(server.post("/api/oauth/token").form(&form)).await;
    reply.json["access_token"].as_str().expect("a token").to_owned()
}

async fn clients(db: &mut PgConnection) -> i64 {
    sqlx::query_scalar("select count(*) from clients").fetch_one(db).await.expect("a count")
}

#[tokio::test]
async fn killed_at_random_and_retried_with_its_key_a_request_makes_exactly_one_client() {
    let rounds = std::env::var("DNA_TEST_KILLS").map_or(30_u64, |rounds| rounds.parse().expect("a number"));
    let folder = Folder::new();
    let url = database::empty_url().await;
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("DNA_MASTER_KEY", MASTER_KEY),
        ("DNA_SIGNING_KEY_BITS", "2048"),
        ("DNA_ACCESS_TOKEN_TTL", "86400"),
    ];
    let mut server = Server::start(&folder, &settings);
    let account = run_json(&folder, &settings, &["partner", "add", "Acme"]);
    let token = token(&server, &account).await;
    let mut db = PgConnection::connect(&url).await.expect("a connection");
    let mut replayed = 0;

    for round in 0..rounds {
        let before = clients(&mut db).await;
        let keys: Vec<String> = (0..CALLERS).map(|n| format!("{round}-{n}")).collect();
        let calls: Vec<_> = keys.iter().map(|key| tokio::spawn(creation(&server, &token, key).send())).collect();
        if round % 2 == 0 {
            until("the first of them is committed", async || clients(&mut db).await > before).await;
        } else {
            sleep(Duration::from_micros(round * 7919 % 20_000)).await;
        }
        server.kill();
        let mut answered = Vec::new();
        for call in calls {
            // What was answered before the kill is asked for again all the same.
            let reply = call.await.expect("a task").ok();
            answered.push(match reply {
                Some(reply) => reply.text().await.ok(),
                None => None,
            });
        }
        server = Server::start(&folder, &settings);

        let mut of_this_round = 0;
        for (key, answered) in keys.iter().zip(answered) {
            let reply = Reply::of(creation(&server, &token, key)).await;
            assert_eq!(reply.status, 201, "{}", reply.text);
            assert!(answered.is_none_or(|answered| answered == reply.text), "round {round}: what was told was lost");
            of_this_round += usize::from(reply.header("idempotent-replayed") == "true");
            let again = Reply::of(creation(&server, &token, key)).await;
            assert_eq!((again.status, &again.text), (201, &reply.text));
        }
        assert!(of_this_round > 0 || round % 2 == 1, "one was committed before the kill");
        replayed += of_this_round;
        let made = i64::try_from(CALLERS).expect("a few");
        assert_eq!(clients(&mut db).await, before + made, "round {round}: exactly one each");
    }
    println!("{rounds} kills, {replayed} of {} requests had been committed", CALLERS as u64 * rounds);
    db.close().await.expect("closing");
}
