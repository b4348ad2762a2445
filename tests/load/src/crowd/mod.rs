//! What the size of the database costs: the same requests where there are ten million clients and where there are ten
//! thousand, of a thousand partners each, by turns.

mod callers;

use std::time::Instant;

use anyhow::{Context as _, Result};
use uuid::Uuid;

use crate::{
    callers::{Caller, Callers, Numbers, closed, once},
    cluster::Cluster,
    figures::{Goal, Row, median},
    requests::{Account, Draw, login, member},
    rows::Plan,
    server::Server,
    setup::Setup,
    signer::Signer,
    world::CALLERS,
};
use callers::People;

const PARTNERS: usize = 1000;
const SMALL: usize = 10_000;
/// What a database of that size would be given, and the small one too. The server keeps to its defaults.
const SETTINGS: [&str; 1] = ["shared_buffers = '4GB'"];
const FILL: &str = include_str!("fill.sql");

/// What is asked, and what is to be left of its rate.
type Kind = (&'static str, Goal, fn(People) -> Box<dyn Caller>);

/// Lists first: what follows changes what a filter finds.
const KINDS: [Kind; 5] = [
    ("pages and filters, in a crowd", Goal::AtLeast(0.4, 0.0), callers::lists),
    ("activate, suspend, in a crowd", Goal::AtLeast(0.55, 0.0), callers::changes),
    ("read, in a crowd", Goal::AtLeast(0.7, 0.0), callers::reads),
    ("look-up by customer_id, in a crowd", Goal::AtLeast(0.6, 0.0), callers::look_ups),
    ("create, in a crowd", Goal::AtLeast(0.8, 0.0), callers::creates),
];

/// A server with so many clients.
struct Crowd {
    server: Server,
    // Stopped after the server.
    _cluster: Cluster,
    people: People,
}

impl Crowd {
    fn new(setup: &Setup, clients: usize) -> Result<Self> {
        let cluster = Cluster::start(&SETTINGS, setup.cores.clone())?;
        let server = Server::start(setup, &cluster)?;
        let start = Instant::now();
        cluster.script("dna", FILL, &[("clients", clients), ("partners", PARTNERS)])?;
        eprintln!("{clients} clients in {:.0} s", start.elapsed().as_secs_f64());
        let account = Account::of(&server.operate(&["partner", "add", "Load"])?)?;
        let token = member(&once(&server.address(), &login(&account))?, "access_token")?;
        let partners = cluster.sql("dna", "select id from load_partners order by number")?;
        let partners = partners.lines().map(str::parse).collect::<Result<Vec<Uuid>, _>>()?;
        let tokens = Signer::of(&cluster, &token)?.of_partners(&partners)?;
        let people = People { tokens: tokens.into(), clients, draw: Draw(0), numbers: Numbers::default() };
        Ok(Self { server, _cluster: cluster, people })
    }

    fn callers(&self, caller: fn(People) -> Box<dyn Caller>) -> Callers {
        (0..CALLERS).map(|n| caller(People { draw: Draw::of_caller(n), ..self.people.clone() })).collect()
    }
}

/// A row for each kind of request.
pub fn rows(setup: &Setup, plan: Plan, clients: usize) -> Result<Vec<Row>> {
    let (small, large) = (Crowd::new(setup, SMALL)?, Crowd::new(setup, clients)?);
    KINDS.into_iter().map(|kind| row(&small, &large, plan, kind)).collect()
}

fn row(small: &Crowd, large: &Crowd, plan: Plan, (name, goal, caller): Kind) -> Result<Row> {
    let (mut few, mut many) = (small.callers(caller), large.callers(caller));
    let rate = |crowd: &Crowd, callers: &mut Callers| {
        closed(&crowd.server.address(), callers, plan.time).with_context(|| name)
    };
    rate(small, &mut few)?;
    rate(large, &mut many)?;
    let mut row = Row::new(name, "among 10,000 clients", Some(goal));
    let (mut rates, mut p99, mut among_few) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let (before, load, after) = (rate(small, &mut few)?, rate(large, &mut many)?, rate(small, &mut few)?);
        row.ratios.push(load.rate() / f64::midpoint(before.rate(), after.rate()));
        row.drifts.push(after.rate() / before.rate());
        rates.push(load.rate());
        p99.push(load.percentile(0.99) * 1e3);
        among_few.push(before.rate());
    }
    row.more = vec![("per s", median(&rates)), ("among few per s", median(&among_few)), ("p99 ms", median(&p99))];
    Ok(row)
}
