//! The peers: the same requests to the server and to what else one would build it with, one after the other in each round.

mod peer;
mod proof;

use std::{fs, path::Path, time::Duration};

use anyhow::{Context as _, Result, anyhow};
use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::{
    callers::{self, Callers, Load},
    figures::{Goal, Row, median},
    rows::Plan,
    world::{CALLERS, World},
};
use peer::{Kind, Peer};

/// Their folders, and what their figures are called.
const PEERS: [(&str, &str, &str); 4] = [
    ("django", "Django", "Django per s"),
    ("fastapi", "FastAPI", "FastAPI per s"),
    ("node", "Node", "Node per s"),
    ("php", "PHP", "PHP per s"),
];
const DJANGO: usize = 0;
const NODE: usize = 2;

/// What is compared: what is asked, by how many, and the goals against the best of them and against Django.
struct Contest {
    kind: Kind,
    callers: usize,
    against_best: (&'static str, Goal),
    against_django: (&'static str, Goal),
}

const CONTESTS: [Contest; 4] = [
    Contest {
        kind: Kind::Token,
        callers: 8,
        against_best: ("token, to the best peer", Goal::AtLeast(1.3, 1.0)),
        against_django: ("token, to Django", Goal::AtLeast(1.8, 1.3)),
    },
    Contest {
        kind: Kind::Create,
        callers: CALLERS,
        against_best: ("create, to the best peer", Goal::AtLeast(1.5, 1.0)),
        against_django: ("create, to Django", Goal::AtLeast(13.0, 8.0)),
    },
    Contest {
        kind: Kind::Change,
        callers: CALLERS,
        against_best: ("activate, suspend, to the best peer", Goal::AtLeast(2.2, 1.4)),
        against_django: ("activate, suspend, to Django", Goal::AtLeast(18.0, 11.0)),
    },
    Contest {
        kind: Kind::Read,
        callers: CALLERS,
        against_best: ("read, to the best peer", Goal::AtLeast(3.5, 2.2)),
        against_django: ("read, to Django", Goal::AtLeast(30.0, 18.0)),
    },
];

/// What the server and each peer brought in a round; the server before them and after.
struct Round {
    before: f64,
    peers: [f64; 4],
    after: f64,
}

impl Round {
    fn ours(&self) -> f64 {
        f64::midpoint(self.before, self.after)
    }
}

pub fn rows(world: &World, plan: Plan) -> Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let key = folder.path().join("key");
    write_key(&key)?;
    let start = |(folder, ..): &(&'static str, _, _)| Peer::start(folder, world, &key).context(*folder);
    let peers: Vec<Peer> = PEERS.iter().map(start).collect::<Result<_>>()?;
    let mut all = Vec::new();
    for contest in &CONTESTS {
        all.extend(contest.rows(world, &peers, plan)?);
    }
    let goals = [Goal::AtMost(0.2, 0.5), Goal::AtMost(0.3, 0.7)];
    all.push(latency(world, &peers[NODE], plan, ("p99 of 1,000 reads/s", Kind::Read, 1000.0, goals[0]))?);
    all.push(latency(world, &peers[NODE], plan, ("p99 of 600 creates/s", Kind::Create, 600.0, goals[1]))?);
    Ok(all)
}

/// The peers' signing key and its public half, in PEM.
fn write_key(path: &Path) -> Result<()> {
    let key = KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("no key"))?;
    let private: Pkcs8V1Der<'_> = key.as_der().map_err(|_| anyhow!("no key"))?;
    let public: PublicKeyX509Der<'_> = key.public_key().as_der().map_err(|_| anyhow!("no key"))?;
    let pem = |kind, der: &[u8]| {
        format!("-----BEGIN {kind} KEY-----\n{}\n-----END {kind} KEY-----\n", BASE64_STANDARD.encode(der))
    };
    fs::write(path, pem("PRIVATE", private.as_ref()))?;
    fs::write(path.with_extension("pub"), pem("PUBLIC", public.as_ref()))?;
    Ok(())
}

/// Callers of the server's.
fn ours(world: &World, kind: Kind, many: usize) -> Callers {
    match kind {
        Kind::Token => world.logins(many),
        Kind::Create => world.creators(many),
        Kind::Change => world.changers(many),
        Kind::Read => world.readers(many),
    }
}

impl Contest {
    fn rows(&self, world: &World, peers: &[Peer], plan: Plan) -> Result<Vec<Row>> {
        let rounds = self.rounds(world, peers, plan)?;
        let rates = |n: usize| median(&rounds.iter().map(|round| round.peers[n]).collect::<Vec<_>>());
        let best = (0..PEERS.len()).max_by(|a, b| rates(*a).total_cmp(&rates(*b))).context("no peer")?;
        let row = |(name, goal), peer: usize| {
            let mut row = Row::new(name, PEERS[peer].1, Some(goal));
            row.ratios = rounds.iter().map(|round| round.ours() / round.peers[peer]).collect();
            row.drifts = rounds.iter().map(|round| round.after / round.before).collect();
            row
        };
        let mut against_best = row(self.against_best, best);
        against_best.more = vec![("per s", median(&rounds.iter().map(Round::ours).collect::<Vec<_>>()))];
        against_best.more.extend(PEERS.iter().enumerate().map(|(n, (_, _, figure))| (*figure, rates(n))));
        Ok(vec![against_best, row(self.against_django, DJANGO)])
    }

    fn rounds(&self, world: &World, peers: &[Peer], plan: Plan) -> Result<Vec<Round>> {
        let address = world.server.address();
        let mut our_callers = ours(world, self.kind, self.callers);
        let mut their_callers: Vec<Callers> =
            peers.iter().map(|peer| peer.callers(world, self.kind, self.callers)).collect();
        let mut round = |time: Duration| -> Result<Round> {
            let before = callers::closed(&address, &mut our_callers, time)?.rate();
            let mut rates = [0.0; PEERS.len()];
            for ((peer, callers), rate) in peers.iter().zip(&mut their_callers).zip(&mut rates) {
                *rate = callers::closed(&peer.address, callers, time).context(peer.name)?.rate();
            }
            let after = callers::closed(&address, &mut our_callers, time)?.rate();
            Ok(Round { before, peers: rates, after })
        };
        round(Duration::from_secs(1))?; // to warm up
        (0..plan.rounds).map(|_| round(plan.time)).collect()
    }
}

/// The latency at a fixed rate, the server's between Node's before and after: so none of them is saturated, if it can
/// keep up.
fn latency(
    world: &World,
    node: &Peer,
    plan: Plan,
    (name, kind, rate, goal): (&'static str, Kind, f64, Goal),
) -> Result<Row> {
    let address = world.server.address();
    let ours = || callers::open(&address, ours(world, kind, CALLERS), rate, plan.time);
    let theirs = || callers::open(&node.address, node.callers(world, kind, CALLERS), rate, plan.time);
    let p99 = |load: &Load| load.percentile(0.99);
    let mut row = Row::new(name, "Node's", Some(goal));
    let (mut of_ours, mut of_theirs) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let (before, own, after) = (theirs()?, ours()?, theirs()?);
        row.ratios.push(p99(&own) / f64::midpoint(p99(&before), p99(&after)));
        row.drifts.push(p99(&after) / p99(&before));
        of_ours.push(own);
        of_theirs.extend([before, after]);
    }
    let of = |loads: &[Load], part| median(&loads.iter().map(|load| load.percentile(part) * 1e3).collect::<Vec<_>>());
    row.more = vec![
        ("p50 ms", of(&of_ours, 0.5)),
        ("p99 ms", of(&of_ours, 0.99)),
        ("Node p50 ms", of(&of_theirs, 0.5)),
        ("Node p99 ms", of(&of_theirs, 0.99)),
    ];
    Ok(row)
}
