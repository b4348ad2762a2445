//! Everything at once for minutes: whether memory stays where it is.

use std::{
    thread::{self, sleep},
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};

use crate::{
    callers::{self, Callers},
    figures::{Goal, Row, median},
    rows::Plan,
    usage,
    world::World,
};

/// Callers for each kind of request.
const EACH: usize = 6;
/// How often memory is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// The memory of the last fifth of the time, to that of the second: the first is what it takes to fill what is kept.
pub fn rows(world: &World, plan: Plan) -> Result<Vec<Row>> {
    let (time, address, pid) = (plan.soak, world.server.address(), world.server.pid());
    let kinds: [(&str, Callers); 5] = [
        ("logins", world.logins(EACH)),
        ("refreshes", world.refreshers(EACH)?),
        ("reads", world.readers(EACH)),
        ("creates", world.creators(EACH)),
        ("changes", world.changers(EACH)),
    ];
    let mut row =
        Row::new("memory, everything at once: the end to the beginning", "itself", Some(Goal::AtMost(1.05, 1.25)));
    let memory = thread::scope(|scope| {
        let address = &address;
        let work =
            kinds.map(|(name, mut callers)| (name, scope.spawn(move || callers::closed(address, &mut callers, time))));
        let (mut memory, start) = (Vec::new(), Instant::now());
        while start.elapsed() < time {
            sleep(LOOK.min(time.saturating_sub(start.elapsed())));
            memory.push(usage::memory(pid)?);
        }
        for (name, load) in work {
            let load = load.join().map_err(|_| anyhow!("a thread of {name} panicked"))??;
            row.more.push((name, load.rate()));
        }
        anyhow::Ok(memory)
    })?;
    let fifth = (memory.len() / 5).max(1);
    let (beginning, end) =
        (median(&memory[fifth.min(memory.len() - 1)..][..fifth]), median(&memory[memory.len() - fifth..]));
    row.ratios.push(end / beginning);
    row.more.extend([("MB at the beginning", beginning), ("MB at the end", end)]);
    Ok(vec![row])
}
