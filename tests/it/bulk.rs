//! Many clients at once: imported from a file and exported into one, over HTTP and from the shell.

mod export;
mod faults;
mod gives_way;
mod import;
mod large;
mod races;
mod refusals;
mod shell;
mod stage;

use serde_json::Value;

use crate::support::{App, Caller, Reply};

const IMPORT: &str = "/api/residential/client/import";
const EXPORT: &str = "/api/residential/client/export";

/// A row of a file as JSON.
fn row(first_name: &str, customer_id: &str) -> String {
    format!(
        r#"{{"has_subreseller_id":false,"email":"a@example.com","first_name":"{first_name}","last_name":"Harris","zipcode":"33134","address":"1 Main Street","same_billing_address":true,"customer_id":"{customer_id}"}}"#
    )
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

impl Caller {
    /// Imports a file, and reads every line.
    async fn import(&self, app: &App, query: &str, content_type: &str, file: String) -> Vec<Value> {
        let request = self.post(app, &format!("{IMPORT}{query}")).header("Content-Type", content_type).body(file);
        let reply = Reply::read(request).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, "application/x-ndjson"));
        lines(&reply.text)
    }
}
