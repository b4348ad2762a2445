//! The two kinds of `Authorization`.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use dna_api::{
    http::{error::ApiError, middleware::bearer},
    oauth::{authenticate::Basic, error::Code},
};

/// The bytes are a header's value, and a pair that is put into one.
pub(crate) fn basic(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Basic::parse(&text) {
        Ok(Some(_)) => assert!(text.trim()[..5].eq_ignore_ascii_case("basic")),
        Ok(None) => {}
        Err(refusal) => assert!(refusal.code == Code::InvalidClient && refusal.hint.is_none()),
    }
    for scheme in ["Basic", "bAsIc", " basic  "] {
        let header = format!("{scheme} {} ", BASE64_STANDARD.encode(data));
        let pair = str::from_utf8(data).is_ok_and(|text| text.contains(':'));
        assert_eq!(Basic::parse(&header).is_ok_and(|basic| basic.is_some()), pair);
    }
    assert!(Basic::parse(&format!("Bearer {text}")).is_ok_and(|basic| basic.is_none()));
}

/// Each line is an `Authorization` header.
pub(crate) fn bearer(data: &[u8]) {
    let lines = data.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok());
    let headers: HeaderMap = lines.map(|value| (header::AUTHORIZATION, value)).collect();
    match bearer::token(&headers) {
        Ok(token) => {
            assert_eq!((headers.len(), token.trim_ascii()), (1, token));
            let again = HeaderValue::try_from(format!("BEARER  {token}\t")).expect("a value");
            assert_eq!(bearer::token(&HeaderMap::from_iter([(header::AUTHORIZATION, again)])).ok(), Some(token));
        }
        Err(ApiError::Unauthenticated) => assert!(headers.len() < 2),
        Err(ApiError::BadCredentials(_)) => assert!(headers.len() > 1),
        Err(ApiError::InvalidToken(_)) => assert!(headers.values().any(|value| value.to_str().is_err())),
        Err(error) => panic!("{error}"),
    }
}
