//! How long a thread may use a processor before others are looked at. A hash is ten milliseconds of nothing but
//! arithmetic; whoever wakes to answer a request meanwhile needs a hundredth of that, and should not wait for it.

use std::{io, mem};

use nix::libc::{SCHED_BATCH, SCHED_OTHER, SYS_sched_getattr, SYS_sched_setattr, c_int, sched_attr, syscall};

/// Nanoseconds: the most that Linux takes.
const LONGEST: u64 = 100_000_000;

/// Asks for the longest slices for the calling thread: it gets as much of the processor as before, unlike with a lower
/// priority, but lets others go first who ask for shorter ones, as all do who do not ask. Linux heeds it since 6.12;
/// elsewhere nothing changes.
pub(super) fn lengthen() {
    if let Err(error) = attributes().and_then(|attributes| match c_int::try_from(attributes.sched_policy) {
        Ok(SCHED_OTHER | SCHED_BATCH) => set(&sched_attr { sched_runtime: LONGEST, ..attributes }),
        _ => Ok(()), // an operator has chosen otherwise
    }) {
        tracing::debug!(%error, "passwords are hashed in time slices like everybody's");
    }
}

/// How the calling thread is scheduled.
#[expect(unsafe_code, reason = "this call of the system's has no safe name")]
fn attributes() -> io::Result<sched_attr> {
    let mut attributes = sched_attr {
        size: 0,
        sched_policy: 0,
        sched_flags: 0,
        sched_nice: 0,
        sched_priority: 0,
        sched_runtime: 0,
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: the system writes as many bytes as it is told that there are.
    done(unsafe { syscall(SYS_sched_getattr, 0, &raw mut attributes, mem::size_of::<sched_attr>(), 0) })?;
    Ok(attributes)
}

#[expect(unsafe_code, reason = "this call of the system's has no safe name")]
fn set(attributes: &sched_attr) -> io::Result<()> {
    // SAFETY: the system only reads them, as many bytes as it said itself that there are.
    done(unsafe { syscall(SYS_sched_setattr, 0, &raw const *attributes, 0) })
}

fn done(returned: nix::libc::c_long) -> io::Result<()> {
    if returned == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
