//! A thread that serves many at once writes their lines together: none of them is lost, or torn, or late.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use tokio::time::{Instant, sleep};

use crate::support::program::{Folder, Server};

/// Callers at once, and what each asks.
const CALLERS: usize = 16;
const REQUESTS: usize = 50;

#[tokio::test]
async fn each_request_has_its_line_when_the_server_has_stopped() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let caller = async |caller: usize| {
        for number in 0..REQUESTS {
            let id = format!("caller-{caller}-{number}.");
            server.request(Method::GET, "/api/none").header("x-request-id", id).send().await.expect("a reply");
        }
    };
    join_all((0..CALLERS).map(caller)).await;

    let said = server.last_words();

    let lines: Vec<_> = said.lines().filter(|line| line.contains("id=caller-")).collect();
    assert_eq!(lines.len(), CALLERS * REQUESTS);
    let is_whole = |line: &&str| line.starts_with("20") && line.ends_with("reason=\"not_found\"");
    assert!(lines.iter().all(is_whole), "{:?}", lines.iter().find(|line| !is_whole(line)));
    for caller in 0..CALLERS {
        let missing = (0..REQUESTS).find(|number| !said.contains(&format!("caller-{caller}-{number}.")));
        assert_eq!(missing, None, "of caller {caller}");
    }
    assert!(said.contains("stopping"));
}

#[tokio::test]
async fn the_line_of_a_request_is_written_though_no_other_follows() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    for number in 0..4 {
        let id = format!("alone-{number}-alone");
        let request =
            server.request(Method::GET, "/api/none").header("x-request-id", &id).header("connection", "close");
        request.send().await.expect("a reply");
        let start = Instant::now();
        while !server.said().contains(&id) {
            assert!(start.elapsed() < Duration::from_secs(2), "it is late");
            sleep(Duration::from_millis(1)).await;
        }
    }
}
