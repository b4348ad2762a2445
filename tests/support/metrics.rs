//! What a server tells its operators.

use std::collections::BTreeMap;

use dna_api::server::{Listener, serve_metrics};

use super::App;

/// Metrics at one moment.
pub struct Metrics {
    /// All that was told.
    pub text: String,
    series: BTreeMap<String, f64>,
}

impl App {
    /// Asks for the metrics, as Prometheus does.
    pub async fn metrics(&self) -> Metrics {
        let listener = Listener::tcp(([127, 0, 0, 1], 0).into()).await.expect("a port");
        let url = format!("http://{}/metrics", listener.local_addr().expect("an address"));
        let serving = tokio::spawn(serve_metrics(listener, self.state.clone()));
        let reply = reqwest::get(url).await.expect("a reply");
        assert_eq!(reply.status(), 200);
        let text = reply.text().await.expect("text");
        serving.abort();
        Metrics::parse(text)
    }
}

impl Metrics {
    /// Reads the text format.
    pub fn parse(text: String) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let series = lines.map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a name and a value");
            (in_order(name), value.parse().expect("a number"))
        });
        Self { series: series.collect(), text }
    }

    /// How many series there are.
    pub fn count(&self) -> usize {
        self.series.len()
    }

    /// One series' value, in whatever order its labels are; zero where it has not begun.
    pub fn of(&self, series: &str) -> f64 {
        self.series.get(&in_order(series)).copied().unwrap_or_default()
    }

    /// The metrics' names, as their `TYPE` lines have them.
    pub fn names(&self) -> Vec<&str> {
        let lines = self.text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        lines.filter_map(|line| line.split(' ').next()).collect()
    }

    /// Every series' name, without its labels.
    pub fn series_names(&self) -> Vec<&str> {
        self.series.keys().map(|series| series.split('{').next().unwrap_or_default()).collect()
    }
}

/// A series with its labels in order.
fn in_order(series: &str) -> String {
    let Some((name, labels)) = series.split_once('{') else { return series.to_owned() };
    let mut labels: Vec<&str> = labels.trim_end_matches("\"}").split("\",").collect();
    labels.sort_unstable();
    format!("{name}{{{}", labels.join("\","))
}
