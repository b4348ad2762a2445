//! What is asked in a crowd: each request for another client, with a token of that client's partner.

use std::sync::Arc;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::PARTNERS;
use crate::{
    callers::{Caller, Numbers},
    requests::{Draw, client, get, post},
};

const CLIENT: &str = "/api/residential/client";
/// Clients on a page: as many as each partner has for each filter, also where there are few.
const PAGE: usize = 5;
/// Each has a page and more of every partner's.
const FILTERS: [&str; 5] = ["", "status=active&", "subreseller_id=1&", "created_after=2026-01-01&", "q=avenue&"];

/// The clients, numbered from 1, and a token of each partner.
#[derive(Clone)]
pub(super) struct People {
    pub(super) tokens: Arc<[Arc<str>]>,
    pub(super) clients: usize,
    pub(super) draw: Draw,
    pub(super) numbers: Numbers,
}

impl People {
    fn someone(&mut self) -> usize {
        self.draw.below(self.clients) + 1
    }

    /// Of a client's partner.
    fn token(&self, client: usize) -> &str {
        &self.tokens[(client - 1) % PARTNERS]
    }
}

/// Callers whose next request does not depend on the reply.
struct Asks<F> {
    people: People,
    next: F,
    wanted: u16,
}

impl<F: FnMut(&mut People) -> Vec<u8> + Send> Caller for Asks<F> {
    fn ask(&mut self, request: &mut Vec<u8>) -> bool {
        *request = (self.next)(&mut self.people);
        true
    }

    fn hear(&mut self, status: u16, body: &[u8]) -> Result<()> {
        ensure!(status == self.wanted, "{status}: {}", String::from_utf8_lossy(body));
        Ok(())
    }
}

/// Activates one and suspends it, then another one.
pub(super) fn changes(people: People) -> Box<dyn Caller> {
    let mut active = None;
    let next = move |people: &mut People| {
        let (id, change) = active.take().map_or_else(|| (people.someone(), "activate"), |id| (id, "suspend"));
        if change == "activate" {
            active = Some(id);
        }
        post(&format!("{CLIENT}/{id}/{change}"), Some(people.token(id)), "")
    };
    Box::new(Asks { people, next, wanted: 200 })
}

pub(super) fn reads(people: People) -> Box<dyn Caller> {
    let next = |people: &mut People| {
        let id = people.someone();
        get(&format!("{CLIENT}/{id}"), people.token(id))
    };
    Box::new(Asks { people, next, wanted: 200 })
}

pub(super) fn look_ups(people: People) -> Box<dyn Caller> {
    let next = |people: &mut People| {
        let id = people.someone();
        get(&format!("{CLIENT}?customer_id=C-{id}"), people.token(id))
    };
    Box::new(Asks { people, next, wanted: 200 })
}

pub(super) fn creates(people: People) -> Box<dyn Caller> {
    let next = |people: &mut People| {
        let partner = people.someone();
        post(CLIENT, Some(people.token(partner)), &client(people.numbers.next()))
    };
    Box::new(Asks { people, next, wanted: 201 })
}

/// Two pages of a list by each filter in turn, each time of another partner's clients.
pub(super) fn lists(people: People) -> Box<dyn Caller> {
    Box::new(Pages { people, turn: 0, partner: 1, after: None })
}

struct Pages {
    people: People,
    turn: usize,
    partner: usize,
    /// Where the second page begins.
    after: Option<String>,
}

impl Caller for Pages {
    fn ask(&mut self, request: &mut Vec<u8>) -> bool {
        let after = self.after.as_ref().map(|after| format!("after={after}&")).unwrap_or_default();
        if after.is_empty() {
            self.partner = self.people.someone();
        }
        let filter = FILTERS[self.turn % FILTERS.len()];
        *request = get(&format!("{CLIENT}?{filter}{after}limit={PAGE}"), self.people.token(self.partner));
        true
    }

    fn hear(&mut self, status: u16, body: &[u8]) -> Result<()> {
        ensure!(status == 200, "{status}: {}", String::from_utf8_lossy(body));
        let page: Value = serde_json::from_slice(body)?;
        let is_second = self.after.is_some();
        let found = page["clients"].as_array().map_or(0, Vec::len);
        ensure!(is_second || found == PAGE, "{found} clients by {}", FILTERS[self.turn % FILTERS.len()]);
        self.after = page["next"].as_str().filter(|_| !is_second).map(str::to_owned);
        if self.after.is_none() {
            self.turn += 1;
        }
        Ok(())
    }
}
