//! Cursors.

use dna_api::{
    domain::{
        billing::BillingPlace,
        page::{ClientPlace, FeedPlace, Place},
        partner::PartnerId,
    },
    http::{cursor::List, error::ApiError},
};
use uuid::Uuid;

fn list<'a>(partner: u128, given: &'a [(&'static str, String)]) -> List<'a> {
    List { partner: PartnerId(Uuid::from_u128(partner)), name: "client", given }
}

/// The bytes are a cursor that nobody gave out, and a place that one is made of.
pub(crate) fn cursor(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let given = [("limit", "10".to_owned()), ("q", text.clone().into_owned())];
    let ours = list(1, &given);
    let refused = matches!(ours.place::<ClientPlace>(&text), Err(ApiError::InvalidRequest(_)));
    assert!(refused, "{text} is a forgery");
    leads_back::<ClientPlace>(&ours, &text);
    leads_back::<FeedPlace>(&ours, &text);
    leads_back::<Uuid>(&ours, &text);
    leads_back::<BillingPlace>(&ours, &text);
}

fn leads_back<P: Place>(ours: &List<'_>, text: &str) {
    let Some(place) = P::parse(text) else { return };
    let cursor = ours.cursor(&place);
    let there = ours.place::<P>(&cursor).expect("a cursor of ours");
    assert_eq!(there.to_text(), place.to_text());
    let longer = [("limit", "20".to_owned()), ours.given[1].clone()];
    assert!(list(1, &longer).place::<P>(&cursor).is_ok(), "another limit is the same list");
    assert!(list(2, ours.given).place::<P>(&cursor).is_err(), "another partner's");
    assert!(list(1, &[]).place::<P>(&cursor).is_err(), "another list's");
    for place in [0, cursor.len() / 2, cursor.len() - 1] {
        let mut damaged = cursor.clone().into_bytes();
        damaged[place] = if damaged[place] == b'A' { b'B' } else { b'A' };
        let damaged = String::from_utf8(damaged).expect("ASCII");
        assert!(ours.place::<P>(&damaged).is_err(), "{damaged} for {cursor}");
    }
}
