//! How often a balancer asks whether this server is ready: so long it must go on once it is not.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Polls that are remembered.
const REMEMBERED: usize = 8;
/// Who polls less often is no balancer, or has gone.
const LONGEST: Duration = Duration::from_secs(30);

/// The latest requests for `/readyz`.
#[derive(Default)]
pub(super) struct Polls(Mutex<VecDeque<Instant>>);

impl Polls {
    pub(super) fn note(&self) {
        let mut polls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if polls.len() == REMEMBERED {
            polls.pop_front();
        }
        polls.push_back(Instant::now());
    }

    /// Two of the longest intervals of late, since several may poll in turns; nothing where nobody does.
    pub(super) fn two_intervals(&self) -> Duration {
        let polls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_of_late = polls.back().is_some_and(|last| last.elapsed() <= LONGEST);
        let gaps = polls.iter().zip(polls.iter().skip(1)).map(|(one, next)| next.duration_since(*one));
        gaps.filter(|gap| is_of_late && *gap <= LONGEST).max().map_or(Duration::ZERO, |gap| gap * 2)
    }
}
