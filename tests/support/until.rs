//! Waiting for what happens in its own time, but not for ever.

use std::time::{Duration, Instant};

/// How long it took until `holds` did.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) -> Duration {
    const DEADLINE: Duration = Duration::from_secs(20);
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < DEADLINE, "not in {DEADLINE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    start.elapsed()
}
