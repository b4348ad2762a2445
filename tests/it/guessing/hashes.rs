//! Password hashes of other parameters than today's are replaced at the next login.

use std::{fs, path::Path};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use chrono::{DateTime, Utc};
use dna_api::{
    accounts,
    domain::{partner::PartnerId, user::UserId, user::Username},
    store,
};
use uuid::Uuid;

use super::{HOME, guess, log_in};
use crate::support::{App, Caller, Partner};

/// How a hash of today begins.
const TODAYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// The partner's password as it might have been hashed in the past.
fn outdated(partner: &Partner, memory: u32, passes: u32) -> String {
    let params = Params::new(memory, passes, 1, None).expect("parameters");
    let (salt, mut hash) = (b"salt of the past", [0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(partner.password.as_bytes(), salt, &mut hash)
        .expect("a hash");
    let encode = |bytes: &[u8]| BASE64_STANDARD_NO_PAD.encode(bytes);
    format!("$argon2id$v=19$m={memory},t={passes},p=1${}${}", encode(salt), encode(&hash))
}

async fn store_hash(app: &App, partner: &Partner, hash: &str) {
    let sql = "update users set password_hash = $2 where username = $1";
    sqlx::query(sql).bind(&partner.username).bind(hash).execute(&app.db).await.expect("a database");
}

async fn stored(app: &App, partner: &Partner) -> (String, DateTime<Utc>) {
    let sql = "select password_hash, password_changed_at from users where username = $1";
    sqlx::query_as(sql).bind(&partner.username).fetch_one(&app.db).await.expect("a user")
}

#[tokio::test]
async fn a_login_replaces_a_hash_of_other_parameters_and_ends_no_refresh_token() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let before = partner.log_in(&app).await;
    for (memory, passes) in [(8, 1), (19_456, 1), (32_768, 2)] {
        let old = outdated(&partner, memory, passes);
        store_hash(&app, &partner, &old).await;
        let (_, changed_at) = stored(&app, &partner).await;

        assert_eq!(guess(&app, &partner, HOME).await.status, 400);
        assert_eq!(stored(&app, &partner).await, (old, changed_at), "who does not know the password changes nothing");
        assert_eq!(log_in(&app, &partner, HOME).await.status, 200);

        let (hash, still) = stored(&app, &partner).await;
        assert!(hash.starts_with(TODAYS), "{hash}");
        assert_eq!(still, changed_at);
        assert_eq!(log_in(&app, &partner, HOME).await.status, 200);
        assert_eq!(stored(&app, &partner).await, (hash, changed_at), "a hash of today's is left alone");
    }
    Caller::of(&app, &partner.refresh(&app, &before.refresh_token).await);
}

#[tokio::test]
async fn a_password_that_was_reset_meanwhile_stays_reset() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let old = stored(&app, &partner).await.0;
    let ids = "select partner_id, id from users where username = $1";
    let (partner_id, user): (Uuid, Uuid) =
        sqlx::query_as(ids).bind(&partner.username).fetch_one(&app.db).await.expect("a user");
    let username = Username::parse(&partner.username).expect("a username");
    let account = accounts::reset_password(&app.db, &username).await.expect("a reset");
    app.keep_secret(account.password.reveal());
    let reset = stored(&app, &partner).await;

    let (partner_id, user) = (PartnerId(partner_id), UserId(user));
    let upgraded = store::user::upgrade_password_hash(&app.db, partner_id, user, &old, "another").await;

    upgraded.expect("a database");
    assert_eq!(stored(&app, &partner).await, reset);
}

#[tokio::test]
async fn they_are_made_on_huge_pages_where_there_are_any() {
    let app = App::start().await;
    app.partner("Acme").await.log_in(&app).await;

    let mappings = fs::read_to_string("/proc/self/smaps").expect("what is mapped");
    let asked =
        mappings.lines().filter(|line| line.starts_with("VmFlags:") && line.split(' ').any(|flag| flag == "hg"));

    let has_huge_pages = Path::new("/sys/kernel/mm/transparent_hugepage").exists();
    assert_eq!(asked.count() > 0, has_huge_pages, "{mappings}");
}
