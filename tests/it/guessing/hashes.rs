//! How passwords are hashed, and that hashes of other parameters than today's are replaced at the next login.

use std::{fs, path::Path, thread};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use chrono::{DateTime, Utc};
use dna_api::{
    accounts,
    crypto::{hasher::HasherError, password::Workspace},
    domain::{partner::PartnerId, user::UserId, user::Username},
    store,
};
use proptest::prelude::*;
use uuid::Uuid;

use super::{HOME, guess, log_in};
use crate::support::{App, Caller, Partner};

/// How a hash of today begins.
const TODAYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// A password as another library hashes it, which shares no code with ours, into so many bytes.
fn hash_by_another_library(
    password: &str,
    version: Version,
    [memory, passes, lanes]: [u32; 3],
    salt: &[u8],
    length: usize,
) -> String {
    let params = Params::new(memory, passes, lanes, Some(length)).expect("parameters");
    let mut hash = vec![0; length];
    Argon2::new(Algorithm::Argon2id, version, params)
        .hash_password_into(password.as_bytes(), salt, &mut hash)
        .expect("a hash");
    let (version, encode) = (u32::from(version), |bytes: &[u8]| BASE64_STANDARD_NO_PAD.encode(bytes));
    format!("$argon2id$v={version}$m={memory},t={passes},p={lanes}${}${}", encode(salt), encode(&hash))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_password_that_another_library_hashed_is_verified_and_no_other_is(
        password in ".{0,80}",
        version in prop::sample::select(vec![Version::V0x10, Version::V0x13]),
        memory in prop_oneof![7 => 32..2_000_u32, 1 => 2_000..40_000_u32],
        passes in 1..4_u32,
        lanes in 1..5_u32,
        salt in prop::collection::vec(any::<u8>(), 8..48),
        length in 4..100_usize,
    ) {
        let hash = hash_by_another_library(&password, version, [memory, passes, lanes], &salt, length);
        let mut workspace = Workspace::default();
        prop_assert!(workspace.verify(&password, &hash).expect("a hash"));
        let another = password + "x";
        prop_assert!(!workspace.verify(&another, &hash).expect("a hash"));
    }

    #[test]
    fn a_new_hash_is_what_another_library_makes_of_the_password_too(password in "(.{0,80}|[a-z]{1000})") {
        let hash = Workspace::default().hash(&password).expect("a hash");
        let salt = hash.split('$').nth(4).expect("a salt");
        let salt = BASE64_STANDARD_NO_PAD.decode(salt).expect("base64");
        prop_assert_eq!(hash_by_another_library(&password, Version::V0x13, [19_456, 2, 1], &salt, 32), hash);
    }
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
    for (memory, passes, length) in [(8, 1, 32), (19_456, 1, 32), (32_768, 2, 32), (19_456, 2, 16)] {
        let cost = [memory, passes, 1];
        let old = hash_by_another_library(&partner.password, Version::V0x13, cost, b"salt of the past", length);
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

#[tokio::test]
async fn they_let_whoever_answers_a_request_go_first_where_the_system_can() {
    let app = App::start().await;
    app.partner("Acme").await.log_in(&app).await;

    let hashing = fs::read_dir("/proc/self/task").expect("threads").filter_map(|thread| {
        let thread = thread.expect("a thread").path();
        (fs::read_to_string(thread.join("comm")).ok()? == "argon2\n").then(|| fs::read_to_string(thread.join("sched")))
    });
    let slices: Vec<String> = hashing
        .filter_map(|thread| Some(thread.ok()?.lines().find_map(|line| line.strip_prefix("se.slice"))?.to_owned()))
        .collect();

    let release = fs::read_to_string("/proc/sys/kernel/osrelease").expect("the system's release");
    let numbers: Vec<u32> =
        release.split(|other: char| !other.is_ascii_digit()).take(2).filter_map(|number| number.parse().ok()).collect();
    let own = fs::read_to_string("/proc/self/sched").unwrap_or_default();
    let is_usual = own.lines().any(|line| line.starts_with("policy") && (line.ends_with(" 0") || line.ends_with(" 3")));
    let can = numbers >= vec![6, 12] && is_usual && own.contains("se.slice");
    assert_eq!(slices.iter().any(|slice| slice.ends_with(" 100000000")), can, "{release} {slices:?}");
}

#[tokio::test]
async fn a_defect_on_a_hashing_thread_ends_none_of_them() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let hash = stored(&app, &partner).await.0;
    for _ in 0..=2 * thread::available_parallelism().map_or(1, usize::from) {
        let password = partner.password.clone().into();
        let told = app.state.hasher.verify_and(password, hash.clone(), || panic!("a defect")).await;
        assert!(matches!(told, Err::<Option<()>, _>(HasherError::Panicked)));
    }
    assert_eq!(log_in(&app, &partner, HOME).await.status, 200);
}
