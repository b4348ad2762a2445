//! What the model knows of subresellers.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::Model;
use crate::support::{App, Caller};

impl Model {
    /// What is counted is what a count of the model's clients gives.
    pub(super) async fn subresellers(&self, app: &App, caller: &Caller, partner: usize) {
        let mut counts: BTreeMap<&str, HashMap<&str, i64>> = BTreeMap::new();
        for client in self.clients.iter().filter(|client| client.partner == partner) {
            *counts.entry(client.subreseller).or_default().entry(client.status).or_default() += 1;
        }
        let expected = counts.iter().map(|(subreseller, counts)| {
            let of = |status| counts.get(status).copied().unwrap_or_default();
            let (pending, active, suspended, cancelled) =
                (of("pending"), of("active"), of("suspended"), of("cancelled"));
            let clients = json!({"pending": pending, "active": active, "suspended": suspended, "cancelled": cancelled,
                                 "total": pending + active + suspended + cancelled});
            json!({"subreseller_id": subreseller, "clients": clients})
        });
        let page = caller.read(app, "/api/residential/subreseller").await;
        assert_eq!(page.json["subresellers"], expected.collect::<Value>());
    }
}
