//! A rotation while programs log in, use their tokens, and verify them by the published keys.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::{Verifier, answer, kid_of};
use crate::support::{App, Partner};

/// Logs in at one server and calls the other, for as long as it is told; keeps a copy of the published keys for a
/// second at a time. Gives the number of tokens of each key.
async fn call(issuer: &App, other: &App, partner: &Partner, stop: &AtomicBool) -> HashMap<String, u32> {
    const KEPT: Duration = Duration::from_secs(1);
    let mut tokens = HashMap::new();
    let (mut verifier, mut fetched) = (Verifier::fetch(other).await, Instant::now());
    let first = partner.log_in(issuer).await.token;
    while !stop.load(Ordering::Relaxed) {
        let token = partner.log_in(issuer).await.token;
        assert_eq!(answer(other, &token).await, 404, "a new token is refused");
        assert_eq!(answer(issuer, &first).await, 404, "a token of the first key is refused");
        if fetched.elapsed() > KEPT {
            (verifier, fetched) = (Verifier::fetch(other).await, Instant::now());
        }
        assert!(verifier.takes(&token) && verifier.takes(&first), "the published keys lack one");
        *tokens.entry(kid_of(&token)).or_default() += 1;
    }
    tokens
}

#[tokio::test]
async fn two_rotations_under_load_fail_no_request() {
    let app = Arc::new(App::start().await);
    let second = Arc::new(app.second().await);
    let partner = app.partner("Acme").await;
    let stop = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..4)
        .map(|number| {
            let (issuer, other) = if number % 2 == 0 { (&app, &second) } else { (&second, &app) };
            let (issuer, other, partner) = (Arc::clone(issuer), Arc::clone(other), partner.clone());
            let stop = Arc::clone(&stop);
            tokio::spawn(async move { call(&issuer, &other, &partner, &stop).await })
        })
        .collect();

    for _ in 0..2 {
        app.keys().rotate(&app.db, 3).await.expect("a rotation");
        tokio::time::sleep(Duration::from_secs(5)).await; // its turn comes, and passes by a while
    }
    stop.store(true, Ordering::Relaxed);

    for caller in callers {
        let tokens = caller.await.expect("every request of a caller was served");
        assert_eq!(tokens.len(), 3, "tokens of three keys: {tokens:?}");
    }
}
