//! The rows of the table: each is measured between two measurements of what it is compared with.

use std::time::Duration;

use anyhow::Result;

use crate::{
    bare::{self, Bare},
    callers::{self, Callers, Load},
    figures::{Goal, Row, median},
    pgbench::{self, Bench},
    statements::Script,
    usage,
    world::{CALLERS, Measured, World},
};

/// How long and how often.
#[derive(Clone, Copy)]
pub struct Plan {
    pub rounds: usize,
    pub time: Duration,
    /// How long everything is asked at once.
    pub soak: Duration,
    pub short: bool,
}

/// What was measured in a round, between two of its yardsticks.
struct Round<Y> {
    before: Y,
    measured: Measured,
    after: Y,
}

fn rounds<Y>(
    plan: Plan,
    mut yardstick: impl FnMut() -> Result<Y>,
    mut measure: impl FnMut() -> Result<Measured>,
) -> Result<Vec<Round<Y>>> {
    measure()?; // to warm up
    (0..plan.rounds).map(|_| Ok(Round { before: yardstick()?, measured: measure()?, after: yardstick()? })).collect()
}

/// A row of ratios of rates.
fn by_rate<Y>(
    name: &'static str,
    yardstick: &'static str,
    goal: Goal,
    rounds: &[Round<Y>],
    rate: impl Fn(&Y) -> f64,
) -> Row {
    let mut row = Row::new(name, yardstick, Some(goal));
    for round in rounds {
        let (before, after) = (rate(&round.before), rate(&round.after));
        row.ratios.push(round.measured.load.rate() / f64::midpoint(before, after));
        row.drifts.push(after / before);
    }
    let of =
        |value: fn(&Measured) -> f64| median(&rounds.iter().map(|round| value(&round.measured)).collect::<Vec<_>>());
    row.more = vec![
        ("per s", of(|measured| measured.load.rate())),
        ("yardstick per s", median(&rounds.iter().map(|round| rate(&round.before)).collect::<Vec<_>>())),
        ("p50 ms", of(|measured| measured.load.percentile(0.5) * 1e3)),
        ("p99 ms", of(|measured| measured.load.percentile(0.99) * 1e3)),
        ("server CPU µs", of(|measured| measured.server * 1e6)),
        ("Postgres CPU µs", of(|measured| measured.postgres * 1e6)),
    ];
    row
}

/// A row of ratios of CPU time to what the yardstick took.
fn by_cpu<Y>(
    (name, yardstick, goal): (&'static str, &'static str, Goal),
    rounds: &[Round<Y>],
    cpu: impl Fn(&Y) -> f64,
    value: fn(&Measured) -> f64,
) -> Row {
    let mut row = Row::new(name, yardstick, Some(goal));
    for round in rounds {
        let (before, after) = (cpu(&round.before), cpu(&round.after));
        row.ratios.push(value(&round.measured) / f64::midpoint(before, after));
        row.drifts.push(after / before);
    }
    let yardsticks: Vec<f64> =
        rounds.iter().map(|round| f64::midpoint(cpu(&round.before), cpu(&round.after))).collect();
    row.more = vec![("yardstick CPU µs", median(&yardsticks) * 1e6)];
    row
}

/// Rows about the database: the same statements by pgbench, on as many connections.
fn against_pgbench(
    world: &World,
    plan: Plan,
    script: &Script,
    mut callers: Callers,
    each: f64,
) -> Result<Vec<Round<Bench>>> {
    let yardstick = || {
        let bench = pgbench::run(&world.cluster, script, world.server.setup.connections, plan.time)?;
        Ok(Bench { rate: bench.rate * each, cpu: bench.cpu / each })
    };
    rounds(plan, yardstick, || world.measure(&mut callers, plan.time))
}

/// How many statements the server sends for a request of a script: each is a round trip.
fn statements_of(name: &'static str, script: &Script, requests: f64) -> Row {
    let mut row = Row::new(name, "–", Some(Goal::AtMost(1.0, 1.0)));
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    row.ratios.push(script.statements as f64 / requests);
    row
}

pub fn creates(world: &World, plan: Plan) -> Result<Vec<Row>> {
    let script = world.create_script()?;
    let rounds = against_pgbench(world, plan, &script, world.creators(CALLERS), 1.0)?;
    let cpu = |bench: &Bench| bench.cpu;
    let goals = [Goal::AtMost(0.35, f64::INFINITY), Goal::AtMost(1.10, f64::INFINITY)];
    Ok(vec![
        statements_of("statements of a create", &script, 1.0),
        by_rate("create", "pgbench", Goal::AtLeast(0.95, 0.0), &rounds, |bench| bench.rate),
        by_cpu(("create: CPU of the server", "Postgres' CPU under pgbench", goals[0]), &rounds, cpu, |m| m.server),
        by_cpu(("create: CPU of Postgres", "Postgres' CPU under pgbench", goals[1]), &rounds, cpu, |m| m.postgres),
    ])
}

pub fn changes(world: &World, plan: Plan) -> Result<Vec<Row>> {
    let script = world.change_script()?;
    let rounds = against_pgbench(world, plan, &script, world.changers(CALLERS), 2.0)?;
    Ok(vec![
        statements_of("statements of an activation, a suspension", &script, 2.0),
        by_rate("activate, suspend", "pgbench", Goal::AtLeast(0.95, 0.0), &rounds, |bench| bench.rate),
    ])
}

pub fn reads(world: &World, plan: Plan) -> Result<Vec<Row>> {
    let script = world.read_script()?;
    let rounds = against_pgbench(world, plan, &script, world.readers(CALLERS), 1.0)?;
    Ok(vec![
        statements_of("statements of a read", &script, 1.0),
        by_rate("read", "pgbench", Goal::AtLeast(0.65, 0.0), &rounds, |bench| bench.rate),
    ])
}

/// What the way of a request through the server costs, to one through axum alone: about 2.4 times, optimised. The tests'
/// build, which the short form runs, was seen between 4.8 and 5.4 times; where it comes to 7, every request was slowed
/// down: the slow-down that is planted comes to 8.3.
const MOST_OF_BARE: Goal = Goal::AtMost(3.0, 7.0);

/// A reply for which only the token is looked at.
pub fn bearers(world: &World, plan: Plan) -> Result<Vec<Row>> {
    let bare = Bare::start()?;
    let yardstick = |plan: Plan| {
        let before = usage::cpu(bare.pid())?;
        let load = callers::closed(&bare.address, &mut world.warm(CALLERS), plan.time)?;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let cpu = usage::cpu(bare.pid())?.saturating_sub(before).as_secs_f64() / load.replies as f64;
        anyhow::Ok(Bench { rate: load.rate(), cpu })
    };
    let warm = rounds(plan, || yardstick(plan), || world.measure(&mut world.warm(CALLERS), plan.time))?;
    let cpu = |bench: &Bench| bench.cpu;
    let cpu_row =
        by_cpu(("token checked, warm: CPU of the server", "bare axum's", MOST_OF_BARE), &warm, cpu, |m| m.server);
    let rate = |bench: &Bench| bench.rate;
    let mut rows = vec![by_rate("token checked, warm", "bare axum", Goal::AtLeast(0.85, 0.0), &warm, rate), cpu_row];
    if !plan.short {
        let fresh = rounds(plan, || yardstick(plan), || world.measure(&mut world.fresh(CALLERS, 200)?, plan.time))?;
        rows.push(by_rate("token checked, each new", "bare axum", Goal::AtLeast(0.35, 0.0), &fresh, rate));
    }
    Ok(rows)
}

/// Logins, whose cost is arithmetic: what is around it, as both hash with the same library. With the tests' build, whose
/// own part is five times as slow, 0.53 to 0.68 was seen; if one thread alone hashed, it would be half of that.
pub fn logins(world: &World, plan: Plan) -> Result<Vec<Row>> {
    let mut callers = world.logins(8);
    let rounds = rounds(plan, || bare::arithmetic(true, plan.time), || world.measure(&mut callers, plan.time))?;
    let goal = Goal::AtLeast(0.95, 0.45);
    Ok(vec![by_rate("token, password grant", "argon2id and RSA alone", goal, &rounds, |rate| *rate)])
}

pub fn refreshes(world: &World, plan: Plan) -> Result<Vec<Row>> {
    let mut script = world.refresh_script()?;
    let mut callers = world.refreshers(world.server.setup.connections)?;
    let yardstick = || {
        world.begin_logins(&mut script, world.server.setup.connections)?;
        let statements = pgbench::run(&world.cluster, &script, world.server.setup.connections, plan.time)?;
        let signatures = bare::arithmetic(false, plan.time / 4)?;
        Ok(1.0 / (1.0 / statements.rate + 1.0 / signatures))
    };
    let rounds = rounds(plan, yardstick, || world.measure(&mut callers, plan.time))?;
    let goal = Goal::AtLeast(0.85, 0.0);
    Ok(vec![by_rate("token, refresh grant", "pgbench, then RSA alone", goal, &rounds, |rate| *rate)])
}

/// Latencies at a fixed rate: reads alone, then beside logins at full rate; creates.
pub fn latencies(world: &World, plan: Plan) -> Result<Vec<Row>> {
    let address = world.server.address();
    let mut row =
        Row::new("p99 of 1,000 reads/s beside logins", "the reads alone", Some(Goal::AtMost(4.0, f64::INFINITY)));
    let reads = || callers::open(&address, world.readers(CALLERS), 1000.0, plan.time);
    let beside = || {
        std::thread::scope(|scope| {
            let logins = scope.spawn(|| callers::closed(&address, &mut world.logins(8), plan.time));
            let reads = reads();
            logins.join().expect("a thread that logs in")?;
            reads
        })
    };
    let p99 = |load: &Load| load.percentile(0.99);
    let (mut alone, mut loaded, mut creating) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let (before, between, after) = (reads()?, beside()?, reads()?);
        row.ratios.push(p99(&between) / f64::midpoint(p99(&before), p99(&after)));
        row.drifts.push(p99(&after) / p99(&before));
        alone.push(before);
        loaded.push(between);
        creating.push(callers::open(&address, world.creators(CALLERS), 600.0, plan.time)?);
    }
    let of = |loads: &[Load], part| median(&loads.iter().map(|load| load.percentile(part) * 1e3).collect::<Vec<_>>());
    row.more = vec![
        ("alone p50 ms", of(&alone, 0.5)),
        ("alone p99 ms", of(&alone, 0.99)),
        ("beside p50 ms", of(&loaded, 0.5)),
        ("beside p99 ms", of(&loaded, 0.99)),
        ("create 600/s p50 ms", of(&creating, 0.5)),
        ("create 600/s p99 ms", of(&creating, 0.99)),
    ];
    Ok(vec![row])
}

/// What has no yardstick: memory, and the start.
pub fn sizes(world: &mut World, plan: Plan) -> Result<Vec<Row>> {
    let one = |name, goal, value| {
        let mut row = Row::new(name, "–", Some(goal));
        row.ratios.push(value);
        row
    };
    let starts = (0..5).map(|_| world.server.restart()).collect::<Result<Vec<_>>>()?;
    let mut start = Row::new("start to ready, ms", "–", Some(Goal::AtMost(100.0, f64::INFINITY)));
    start.ratios = starts.iter().map(|seconds| seconds * 1e3).collect();
    let (pid, address) = (world.server.pid(), world.server.address());
    let time = if plan.short { Duration::from_secs(3) } else { Duration::from_secs(30) };
    callers::closed(&address, &mut world.logins(CALLERS), time)?;
    let hashing = usage::memory(pid)?;
    let idle = (0..1000).map(|_| std::net::TcpStream::connect(&address)).collect::<Result<Vec<_>, _>>()?;
    callers::closed(&address, &mut world.readers(CALLERS), Duration::from_secs(1))?;
    let connected = usage::memory(pid)?;
    drop(idle);
    Ok(vec![
        start,
        one("memory after logins by 32 callers, MB", Goal::AtMost(64.0, 96.0), hashing),
        one("memory with 1,000 idle connections, MB", Goal::AtMost(110.0, 160.0), connected),
    ])
}
