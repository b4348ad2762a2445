//! The list in docs/operations.md is what a server tells, both ways.

use std::collections::BTreeSet;

use super::files::OPERATIONS;
use crate::support::acme;

/// The names and labels in the first two columns of the tables under "Metrics".
fn listed() -> BTreeSet<(String, Vec<String>)> {
    let (_, section) = OPERATIONS.split_once("\n## Metrics\n").expect("a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let mut labels = quoted(cells[2]);
        labels.sort();
        (quoted(cells[1]).concat(), labels)
    })
    .collect()
}

#[tokio::test]
async fn what_is_told_is_listed_and_what_is_listed_is_told_with_its_labels() {
    let (app, caller) = acme().await;
    app.get("/api/oauth/token?client_id=x&client_secret=y").send().await.expect("a refusal");
    caller.get(&app, "/api/residential/client/1/activate").send().await.expect("a documented form");
    let metrics = app.metrics().await;
    let told: BTreeSet<(String, Vec<String>)> = metrics
        .names()
        .into_iter()
        .map(|name| {
            let is_of = |line: &&str| {
                let series = line.split(['{', ' ']).next().unwrap_or_default();
                ["", "_count"].iter().any(|end| series == format!("{name}{end}"))
            };
            let series = metrics.text.lines().find(is_of).expect(name);
            let labels =
                series.split_once('{').map_or("", |(_, rest)| rest.rsplit_once('}').map_or("", |(all, _)| all));
            let keys = labels.split("\",").filter_map(|label| label.split_once('=').map(|(key, _)| key.to_owned()));
            let mut keys: Vec<String> = keys.collect();
            keys.sort();
            (name.to_owned(), keys)
        })
        .collect();
    assert_eq!(told, listed());
}
