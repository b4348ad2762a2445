//! An import as large as they may be, and what it takes. `DNA_TEST_IMPORT_ROWS` makes it smaller.

use std::{collections::BTreeSet, fs, time::Instant};

use super::{row, stage::Stage};

/// Rows that an import may have.
const ROWS: u64 = 50_000;

/// A figure of a process, in KiB: `VmRSS`, the memory that it has, or `VmHWM`, the most that it has ever had.
fn memory(pid: u32, figure: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix(figure)).expect(figure);
    line.trim_matches([':', '\t', ' ']).trim_end_matches(" kB").parse().expect("a number")
}

/// Seconds of processor time that a process has used.
fn worked(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let figures: Vec<&str> = stat.rsplit(") ").next().expect("figures").split(' ').collect();
    let ticks: u32 = figures[11..13].iter().map(|ticks| ticks.parse::<u32>().expect("ticks")).sum();
    f64::from(ticks) / 100.0
}

/// A number as a name of its own: four of five rows are nobody's namesakes.
fn letters(n: u64) -> String {
    let n = if n.is_multiple_of(5) { 0 } else { n };
    n.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

#[tokio::test]
async fn of_a_large_import_exactly_the_bad_rows_are_named_and_again_it_changes_nothing() {
    let rows: u64 = std::env::var("DNA_TEST_IMPORT_ROWS").map_or(ROWS, |rows| rows.parse().expect("a number"));
    let (mut stage, server) = Stage::start().await;
    let bad = |n: u64| n % (rows / 100) == 7;
    let name = |n: u64| if bad(n) { String::new() } else { letters(n) };
    let file: String = (1..=rows).map(|n| row(&name(n), &format!("C-{n}")) + "\n").collect();
    let idle = memory(server.pid(), "VmRSS");
    let (begun, before) = (Instant::now(), worked(server.pid()));

    let told = stage.import(&server, "", file.clone()).await.expect("lines");

    let (took, work) = (begun.elapsed().as_secs_f64(), worked(server.pid()) - before);
    let grown = memory(server.pid(), "VmHWM").saturating_sub(idle);
    assert!(grown < 64 * 1024, "{grown} KiB above idle");
    let failed: BTreeSet<u64> =
        told.iter().filter(|line| line["result"] == "ERROR").filter_map(|line| line["row"].as_u64()).collect();
    assert_eq!(failed, (1..=rows).filter(|n| bad(*n)).collect());
    let sum = told.last().expect("a summary");
    assert_eq!((&sum["created"], &sum["failed"]), (&(rows - 100).into(), &100.into()));

    let digest =
        "select md5(string_agg(c::text, '|' order by c.id)) || (select count(*) from client_events) from clients c";
    let before: String = sqlx::query_scalar(digest).fetch_one(&mut stage.db).await.expect("a digest");
    let begun = Instant::now();
    let again = stage.import(&server, "", file).await.expect("lines");
    let repeat = begun.elapsed().as_secs_f64();
    let after: String = sqlx::query_scalar(digest).fetch_one(&mut stage.db).await.expect("a digest");
    let sum = again.last().expect("a summary");
    assert_eq!((&sum["created"], &sum["existing"]), (&0.into(), &(rows - 100).into()));
    assert_eq!(before, after);
    println!(
        "{rows} rows in {took:.1} s, {work:.1} s of it the server's work, again in {repeat:.1} s; {grown} KiB above idle"
    );
}
