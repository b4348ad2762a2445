//! What a peer must do before it is measured: the same as the server, in the same words as far as callers read them.

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::{
    callers::asked,
    cluster::Cluster,
    requests::{Account, client, get, login, post},
};

/// What [`of`] calls its client: no caller's number.
const NUMBER: usize = 999_999_999;
/// The members of a client.
const WHOLE: [&str; 18] = [
    "id",
    "ns_domain",
    "status",
    "customer_id",
    "has_subreseller_id",
    "subreseller_id",
    "email",
    "first_name",
    "last_name",
    "address",
    "zipcode",
    "same_billing_address",
    "billing_address",
    "billing_zipcode",
    "start_billing_date",
    "created_at",
    "updated_at",
    "status_changed_at",
];

/// Logs in, and creates, activates and reads a client, each also as nobody may; gives the token.
pub fn of(address: &str, account: &Account) -> Result<String> {
    let ask = |request: &[u8], wanted: u16| -> Result<Value> {
        let (status, body) = asked(address, request)?;
        let text = String::from_utf8_lossy(&body);
        let asked = String::from_utf8_lossy(request);
        let line = asked.lines().next().unwrap_or_default();
        ensure!(status == wanted, "{line}: {status} in place of {wanted}: {text}");
        serde_json::from_slice(&body).with_context(|| format!("{line}: {text}"))
    };
    ask(&login(&Account { password: "wrong".into(), ..account.clone() }), 400)?;
    ask(&login(&Account { client_secret: "wrong".into(), ..account.clone() }), 401)?;
    let token = token(&ask(&login(account), 200)?)?;

    let new = client(NUMBER);
    ask(&post("/api/residential/client", Some(&token), &new.replace("zipcode=33134", "zipcode=ABC")), 422)?;
    let created = ask(&post("/api/residential/client", Some(&token), &new), 201)?;
    whole(&created, "pending")?;
    ask(&post("/api/residential/client", Some(&token), &new), 409)?;
    let path = format!("/api/residential/client/{}", created["client"]["id"].as_u64().context("no id")?);

    let activate = format!("{path}/activate");
    let activated = ask(&post(&activate, Some(&token), ""), 200)?;
    let again = ask(&post(&activate, Some(&token), ""), 200)?;
    ensure!(activated == again && activated["timestamp"].is_u64(), "activated twice: {activated}, {again}");
    ensure!(activated["client"]["status"] == "active", "{activated}");
    whole(&ask(&get(&path, &token), 200)?, "active")?;
    ask(&get("/api/residential/client/999999999999", &token), 404)?;

    // Another signature, and none.
    let (signed, signature) = token.rsplit_once('.').context("a JWT")?;
    let reversed: String = signature.chars().rev().collect();
    ask(&get(&path, &format!("{signed}.{reversed}")), 401)?;
    ask(&post(&activate, None, ""), 401)?;
    Ok(token)
}

/// Each of two changes has left its event, and what was refused has not.
pub fn of_events(cluster: &Cluster, database: &str) -> Result<()> {
    let events = cluster.sql(
        database,
        &format!(
            "select string_agg(concat_ws(' ', from_status, to_status), ', ' order by e.id)
             from client_events e join clients c on c.id = client_id where customer_id = 'load-{NUMBER}'"
        ),
    )?;
    ensure!(events == "pending, pending active", "{database}: the events are {events:?}");
    Ok(())
}

/// The access token of a reply, which has the header and the claims that count.
fn token(reply: &Value) -> Result<String> {
    // A library may count from when it began.
    let lifetime = reply["expires_in"].as_u64().is_some_and(|seconds| (1190..=1200).contains(&seconds));
    ensure!(reply["token_type"] == "Bearer" && lifetime, "no bearer's token for twenty minutes");
    ensure!(reply["refresh_token"].as_str().is_some_and(|token| token.len() >= 30), "no refresh_token");
    let token = reply["access_token"].as_str().context("no access_token")?;
    let mut parts = token.split('.');
    let mut part = || -> Result<Value> {
        Ok(serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(parts.next().context("no JWT")?)?)?)
    };
    let (header, claims) = (part()?, part()?);
    ensure!(header["alg"] == "RS256" && claims["scopes"].as_array().is_some_and(|all| all.len() == 6), "{claims}");
    let signature = BASE64_URL_SAFE_NO_PAD.decode(parts.next().context("no signature")?)?;
    ensure!(signature.len() == 256, "the key has {} bits", signature.len() * 8);
    Ok(token.to_owned())
}

fn whole(reply: &Value, status: &str) -> Result<()> {
    let client = &reply["client"];
    let members: Vec<&str> = client.as_object().context("no client")?.keys().map(String::as_str).collect();
    ensure!(reply["result"] == "OK" && members == WHOLE && client["status"] == status, "{reply}");
    Ok(())
}
