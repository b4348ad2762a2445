//! Tokens that are broken.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::{INVALID, Stage, assert_invalid, present};
use crate::support::Reply;

#[tokio::test]
async fn a_truncated_token_is_refused() {
    let stage = Stage::new().await;
    let token = &stage.caller.token;
    let dots: Vec<usize> = token.match_indices('.').map(|(at, _)| at).collect();
    for end in [1, 20, dots[0], dots[0] + 1, dots[1] - 1, dots[1], dots[1] + 1, token.len() - 4, token.len() - 1] {
        assert_invalid(&present(&stage.app, &token[..end]).await, INVALID);
    }
    let [header, claims, signature] = [0, 1, 2].map(|part| token.split('.').nth(part).expect("a part"));
    for wrong in [
        format!("{token}."),
        format!("{token}A"),
        format!("{token}="),
        format!(".{token}"),
        format!("{token}.{signature}"),
        format!("{claims}.{header}.{signature}"),
        format!("..{signature}"),
        format!("{header}..{signature}"),
        format!("{header}.{claims}.{signature}.."),
        format!("\"{token}\""),
        "..".to_owned(),
    ] {
        assert_invalid(&present(&stage.app, &wrong).await, INVALID);
    }
}

#[tokio::test]
async fn a_token_with_one_bit_flipped_is_refused() {
    let stage = Stage::new().await;
    let token = &stage.caller.token;
    let parts: Vec<Vec<u8>> =
        token.split('.').map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url")).collect();
    for part in 0..3 {
        for at in [0, parts[part].len() / 3, parts[part].len() - 1] {
            for bit in [0, 7] {
                let mut flipped = parts.clone();
                flipped[part][at] ^= 1 << bit;
                let encoded: Vec<String> = flipped.iter().map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).collect();
                assert_invalid(&present(&stage.app, &encoded.join(".")).await, INVALID);
            }
        }
    }
}

#[tokio::test]
async fn there_is_one_spelling_of_a_signature() {
    let stage = Stage::new().await;
    let token = &stage.caller.token;
    let last = token.chars().last().expect("a character");
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for other in alphabet.chars().filter(|other| *other != last) {
        let respelt = format!("{}{other}", &token[..token.len() - 1]);
        assert_invalid(&present(&stage.app, &respelt).await, INVALID);
    }
}

#[tokio::test]
async fn members_that_come_twice_are_refused() {
    let stage = Stage::new().await;
    let twice = |object: &str, member: &str| format!("{{{member},{}", &object[1..]);
    for claim in [
        r#""scope":"client:create""#,
        r#""sub":"00000000-0000-4000-8000-000000000000""#,
        r#""partner":"00000000-0000-4000-8000-000000000000""#,
        r#""exp":99999999999"#,
        r#""iss":"http://api.test""#,
    ] {
        let (first, last) = (twice(&stage.claims(), claim), twice(&stage.claims(), claim));
        stage.assert_refused(&stage.forge.sign(&stage.header(), &first)).await;
        let last = format!("{},{claim}}}", last[..last.len() - 1].trim_end_matches('}'));
        stage.assert_refused(&stage.forge.sign(&stage.header(), &last)).await;
    }
    for member in [r#""alg":"none""#, r#""alg":"RS256""#, r#""kid":"other""#, r#""crit":["x"],"crit":null"#] {
        stage.assert_refused(&stage.forge.sign(&twice(&stage.header(), member), &stage.claims())).await;
    }
}

#[tokio::test]
async fn header_and_claims_are_json_objects() {
    let stage = Stage::new().await;
    let (header, claims) = (stage.header(), stage.claims());
    for broken in ["", "x", "[]", "null", "\"RS256\"", "{", "{}", "{}{}"] {
        stage.assert_refused(&stage.forge.sign(broken, &claims)).await;
        stage.assert_refused(&stage.forge.sign(&header, broken)).await;
    }
    stage.assert_refused(&stage.forge.sign(&header, &format!("{claims}x"))).await;
    stage.assert_refused(&stage.forge.sign(&format!("{header}x"), &claims)).await;
}

#[tokio::test]
async fn a_token_of_60_or_100_kilobytes_is_refused_like_any_other() {
    let stage = Stage::new().await;
    let (header, claims) = (stage.header(), stage.claims());
    let long = "x".repeat(43_000);
    let longer = "x".repeat(75_000);
    let padded = stage.forge.sign(&header, &stage.claims_with("scope", format!("client:activate {long}").into()));
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(15_000));
    let tokens = [
        "x".repeat(60_000),
        ".".repeat(60_000),
        format!("{}.x.y", "A".repeat(60_000)),
        format!("{}.{}", stage.caller.token, "A".repeat(59_000)),
        stage.forge.sign(&stage.header_with("kid", long.clone().into()), &claims),
        stage.forge.sign(&header, &deep),
        padded,
        "x".repeat(100 * 1024),
        format!("{}{}", stage.caller.token, "A".repeat(100_000 - stage.caller.token.len())),
        stage.forge.sign(&stage.header_with("kid", longer.clone().into()), &claims),
        stage.forge.sign(&header, &stage.claims_with("x", longer.into())),
    ];
    for token in tokens {
        assert!(token.len() > 55_000, "{}", token.len());
        assert_invalid(&present(&stage.app, &token).await, INVALID);
    }
}

#[test]
fn no_token_at_all_gets_in() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let stage = runtime.block_on(Stage::new());
    let config = ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() };
    let part = prop_oneof!["[ -~]{0,40}", "[A-Za-z0-9_-]{0,80}", Just(stage.header()), Just(stage.claims())];
    let token = prop::collection::vec((part, any::<bool>()), 1..5).prop_map(|parts| {
        let encode = |(part, plain): &(String, bool)| {
            if *plain { part.clone() } else { BASE64_URL_SAFE_NO_PAD.encode(part) }
        };
        parts.iter().map(encode).collect::<Vec<_>>().join(".")
    });
    let result = proptest::test_runner::TestRunner::new(config).run(&token, |token| {
        let reply: Reply = runtime.block_on(present(&stage.app, &token));
        prop_assert_eq!(reply.status, 401);
        if !token.trim().is_empty() {
            assert_invalid(&reply, INVALID);
        }
        Ok(())
    });
    result.expect("a refusal");
    let _runtime = runtime.enter();
    drop(stage);
}
