//! A collector that is there, and one that is not: requests see no difference.

use std::time::{Duration, Instant};

use tokio::net::TcpListener;

use super::Collector;
use crate::support::{
    program::{Folder, Server, failure, run},
    until,
};

/// The threads of a process.
fn threads(pid: u32) -> Vec<String> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("threads");
    let name = |task: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(task.expect("a thread").path().join("comm")).unwrap_or_default()
    };
    tasks.map(name).collect()
}

/// What the one server in a folder has said to its end.
fn said(folder: &Folder) -> String {
    let mut files = std::fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("a file").path());
    let log = files.find(|path| path.extension().is_some_and(|extension| extension == "log")).expect("a log");
    std::fs::read_to_string(log).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_sends_what_is_left_and_its_headers_are_a_secret() {
    let collector = Collector::start().await;
    let folder = Folder::new();
    let settings = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &*format!("{}/own/path", collector.url)),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20xylophone"),
        ("OTEL_SERVICE_NAME", "partners"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.instance.id=a%20b"),
        ("OTEL_BSP_SCHEDULE_DELAY", "600000"),
        ("DNA_LOG", "trace"),
    ];
    let server = Server::start(&folder, &settings);
    assert_eq!(server.request(reqwest::Method::GET, "/healthz").send().await.expect("a reply").status(), 200);
    assert!(collector.batches().is_empty());
    assert!(server.stop());
    let said = said(&folder);
    assert!(said.contains("status=200") && !said.contains("xylophone"), "{said}");
    collector.span("GET /healthz");
    let [batch] = &collector.batches()[..] else { panic!("not one batch") };
    assert_eq!(batch.path, "/own/path");
    assert_eq!(batch.headers["authorization"], "Bearer xylophone");
    assert_eq!(batch.headers["content-type"], "application/x-protobuf");
    let resource = collector.requests()[0].resource_spans[0].resource.clone().expect("a resource");
    let told = super::collector::told(&resource.attributes);
    for attribute in [
        "deployment.environment.name=test",
        "service.instance.id=a b",
        "service.name=partners",
        "service.version=0.1.0",
        "telemetry.sdk.language=rust",
    ] {
        assert!(told.iter().any(|told| told == attribute), "{attribute}: {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_collector_requests_go_on_one_line_says_so_and_the_server_stops_in_time() {
    // One that nobody listens for, and one that accepts and is silent.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let silent = (silent.local_addr().expect("an address"), silent);
    for endpoint in ["http://127.0.0.1:1".to_owned(), format!("http://{}", silent.0)] {
        let folder = Folder::new();
        let server = Server::start(
            &folder,
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint), ("OTEL_BSP_SCHEDULE_DELAY", "50"), ("DNA_LOG", "info")],
        );
        assert!(threads(server.pid()).iter().any(|name| name.starts_with("OpenTelemetry")), "it sends by a thread");
        let slow = Instant::now();
        for _ in 0..50 {
            let reply = server.request(reqwest::Method::GET, "/healthz").send().await.expect("a reply");
            assert_eq!(reply.status(), 200);
        }
        assert!(slow.elapsed() < Duration::from_secs(5), "{:?}", slow.elapsed());
        until("it is said", async || server.said().contains("traces cannot be sent")).await;
        server.request(reqwest::Method::GET, "/healthz").send().await.expect("a reply");
        tokio::time::sleep(Duration::from_millis(200)).await;
        let told = server.said().matches("traces cannot be sent").count();
        assert_eq!(told, 1, "{}", server.said());
        let stopping = Instant::now();
        assert!(server.stop());
        assert!(stopping.elapsed() < Duration::from_secs(10), "{:?}", stopping.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_comes_later_is_sent_to_from_then_on() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = free.local_addr().expect("an address").to_string();
    drop(free);
    let folder = Folder::new();
    let endpoint = format!("http://{address}");
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint), ("OTEL_BSP_SCHEDULE_DELAY", "50")];
    let server = Server::start(&folder, &settings);
    server.request(reqwest::Method::GET, "/healthz").send().await.expect("a reply");
    until("it is said", async || server.said().contains("traces cannot be sent")).await;
    let collector = Collector::on(&address).await;
    server.request(reqwest::Method::GET, "/readyz").send().await.expect("a reply");
    until("that is said too", async || server.said().contains("traces are sent again")).await;
    collector.span("GET /readyz");
}

#[tokio::test]
async fn where_no_collector_is_set_no_thread_is_started() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[("OTEL_SERVICE_NAME", "partners")]);
    let threads = threads(server.pid());
    assert!(threads.len() > 2 && !threads.iter().any(|name| name.starts_with("OpenTelemetry")), "{threads:?}");
}

#[test]
fn what_cannot_be_sent_to_is_refused_in_one_line() {
    let folder = Folder::new();
    for endpoint in
        ["https://collector.example:4318", "collector:4318", "http://user:xylophone@collector", "http://c?a"]
    {
        let output = run(&folder, &[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)], &["serve"]);
        let (code, line) = failure(&output);
        assert_eq!(code, 1);
        assert!(
            line.contains("OTEL_EXPORTER_OTLP_ENDPOINT must be an http:// URL such as http://127.0.0.1:4318"),
            "{line}"
        );
        assert!(!line.contains("xylophone"));
    }
}
