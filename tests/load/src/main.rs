//! How fast the server is, beside what the same machine does at the same moment without it. `tests/load/run --help`.

mod bare;
mod callers;
mod cluster;
mod crowd;
mod figures;
mod peers;
mod pgbench;
mod plot;
mod requests;
mod rows;
mod server;
mod setup;
mod signer;
mod soak;
mod statements;
mod usage;
mod world;

use std::{fs, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use figures::{Row, table};
use rows::Plan;
use setup::Setup;
use world::World;

/// How it is used.
const USAGE: &str =
    "usage: tests/load/run [--short] [--rounds N] [--seconds N] [--only NAME]... [--apart] [--connections N] [--json FILE] [--plot FILE]
  --short      what does not depend on how the server was built, in a minute: what regressed fails it
  --rounds N   how often each figure is measured between its yardsticks (5; short: 3)
  --seconds N  how long each time (4; short: 2)
  --only NAME  create, change, read, bearer, login, refresh, latency, size, peers, which want tests/load/peers/install first,
               and what is left out otherwise, soak and crowd
  --apart      Postgres has half of the cores for itself, and everybody else the other half
  --connections N  of the server's to its database, and of pgbench's (16, the server's default)
  --minutes N  how long a soak is: everything at once (10)
  --clients N  how many there are in a crowd (10000000, which takes twenty minutes to fill and twenty gigabytes)
  --json FILE  the figures as JSON
  --plot FILE  the ratios as SVG";

/// What measures some rows of the table.
type Part = fn(&World, Plan) -> Result<Vec<Row>>;

const PARTS: [(&str, Part); 9] = [
    ("create", rows::creates),
    ("change", rows::changes),
    ("read", rows::reads),
    ("bearer", rows::bearers),
    ("login", rows::logins),
    ("refresh", rows::refreshes),
    ("latency", rows::latencies),
    ("peers", peers::rows),
    ("soak", soak::rows),
];
/// What the short form measures of them; `size` it does, too.
const SHORT: [&str; 5] = ["create", "change", "read", "bearer", "login"];

struct Arguments {
    plan: Plan,
    only: Vec<String>,
    clients: usize,
    json: Option<PathBuf>,
    plot: Option<PathBuf>,
    server: PathBuf,
    apart: bool,
    connections: usize,
    queries: PathBuf,
}

fn arguments() -> Result<Option<Arguments>> {
    let (mut short, mut rounds, mut seconds, mut only) = (false, None, None, Vec::new());
    let (mut json, mut plot, mut clients, mut minutes) = (None, None, 10_000_000, 10);
    let (mut apart, mut connections) = (false, 16);
    let mut given = std::env::args().skip(1);
    let (server, queries) = (given.next().context(USAGE)?.into(), given.next().context(USAGE)?.into());
    while let Some(argument) = given.next() {
        let mut value = || given.next().context(USAGE);
        match &*argument {
            "--short" => short = true,
            "--rounds" => rounds = Some(value()?.parse()?),
            "--seconds" => seconds = Some(value()?.parse()?),
            "--only" => only.push(value()?),
            "--apart" => apart = true,
            "--connections" => connections = value()?.parse()?,
            "--minutes" => minutes = value()?.parse()?,
            "--clients" => clients = value()?.parse()?,
            "--json" => json = Some(value()?.into()),
            "--plot" => plot = Some(value()?.into()),
            "--help" => return Ok(None),
            other => bail!("{other}?\n{USAGE}"),
        }
    }
    let plan = Plan {
        rounds: rounds.unwrap_or(if short { 3 } else { 5 }),
        time: Duration::from_secs(seconds.unwrap_or(if short { 2 } else { 4 })),
        soak: Duration::from_mins(minutes),
        short,
    };
    Ok(Some(Arguments { plan, only, clients, json, plot, server, apart, connections, queries }))
}

fn measure(arguments: &Arguments) -> Result<Vec<Row>> {
    let plan = arguments.plan;
    let is_known =
        |name: &&String| ["crowd", "size"].contains(&name.as_str()) || PARTS.iter().any(|(part, _)| part == name);
    if let Some(unknown) = arguments.only.iter().find(|name| !is_known(name)) {
        bail!("{unknown}?\n{USAGE}");
    }
    ensure!(plan.rounds > 0 && !plan.time.is_zero() && !plan.soak.is_zero(), "nothing is measured in no time");
    let cores = arguments.apart.then(setup::cores_for_postgres).transpose()?;
    let setup = Setup { server: arguments.server.clone(), connections: arguments.connections, cores };
    let mut all = Vec::new();
    if arguments.only.iter().any(|only| only == "crowd") {
        eprintln!("crowd …");
        all.extend(crowd::rows(&setup, plan, arguments.clients)?);
    }
    if !arguments.only.is_empty() && arguments.only.iter().all(|only| only == "crowd") {
        return Ok(all);
    }
    let clients = if plan.short { 1000 } else { 10_000 };
    let mut world = World::new(&setup, &arguments.queries, clients)?;
    let wanted = |name: &str| match &arguments.only[..] {
        [] => name != "soak" && (!plan.short || name == "size" || SHORT.contains(&name)),
        only => only.iter().any(|only| only == name),
    };
    for (name, part) in PARTS {
        if wanted(name) {
            eprintln!("{name} …");
            let rows = part(&world, plan).with_context(|| name.to_owned())?;
            eprintln!("{}", table(&rows));
            all.extend(rows);
        }
    }
    if wanted("size") {
        eprintln!("size …");
        all.extend(rows::sizes(&mut world, plan)?);
    }
    Ok(all)
}

fn run() -> Result<bool> {
    if std::env::args().nth(1).as_deref() == Some("bare-axum") {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(bare::axum())?;
        return Ok(true);
    }
    let Some(arguments) = arguments()? else {
        println!("{USAGE}");
        return Ok(true);
    };
    let rows = measure(&arguments)?;
    println!("{}", table(&rows));
    if let Some(file) = &arguments.json {
        let figures: Vec<Value> = rows.iter().map(Row::json).collect();
        fs::write(file, serde_json::to_string_pretty(&json!({ "figures": figures }))?)?;
    }
    if let Some(file) = &arguments.plot {
        fs::write(file, plot::svg(&rows))?;
    }
    let regressed: Vec<&Row> = rows.iter().filter(|row| row.has_regressed()).collect();
    for row in &regressed {
        eprintln!("regressed: {} is {:.2}", row.name, row.median());
    }
    Ok(regressed.is_empty() || !arguments.plan.short)
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
