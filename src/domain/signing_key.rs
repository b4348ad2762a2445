//! The life of a signing key, which time alone drives: it is published, then it signs, then it verifies what it signed,
//! then it is over. Every server comes to the same answer from the same rows and the same clock.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

/// Seconds that an access token may live, on whichever server: a day.
pub const LONGEST_ACCESS_TOKEN: u32 = 86_400;

/// Seconds for which others may keep the published keys.
pub const PUBLIC_MAX_AGE: u32 = 300;

/// Seconds between the publication of a new key and its first signature: what others keep is over by then, with as much
/// to spare.
pub const LEAD: u32 = 2 * PUBLIC_MAX_AGE;

/// The least of them: every server that reaches the database has learnt a key by then.
pub const LEAST_LEAD: u32 = 5;

/// The most of them: a week.
pub const MOST_LEAD: u32 = 7 * 86_400;

/// How long a key verifies after its successor began to sign: its last token has expired by then, though the servers'
/// clocks and the database's may differ by minutes.
pub const VERIFIES_AFTER: TimeDelta = TimeDelta::seconds(LONGEST_ACCESS_TOKEN as i64 + 300);

/// What a key is good for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is published, and will sign.
    Next,
    /// It signs what is issued now.
    Signing,
    /// It verifies what it signed before its successor began.
    Verifying,
    /// Nothing: its time is over, or an operator retired it.
    Retired,
}

/// A key's times, as they are stored.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// When it begins to sign.
    pub signs_from: DateTime<Utc>,
    /// When an operator retired it.
    pub retired_at: Option<DateTime<Utc>>,
}

impl Times {
    /// Whether it ever has a turn. One that was retired before its turn began has none: its predecessor goes on.
    fn has_turn(&self) -> bool {
        self.retired_at.is_none_or(|retired| retired > self.signs_from)
    }
}

/// What a key is good for at a moment, and until when it verifies, where it has a successor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stage {
    /// What it is good for.
    pub state: State,
    /// Until when it verifies; none while nothing follows it.
    pub verifies_until: Option<DateTime<Utc>>,
}

/// What each of these keys, in the order of their turns, is good for at a moment.
#[must_use]
pub fn stages(keys: &[Times], at: DateTime<Utc>) -> Vec<Stage> {
    let successor = |place: usize| keys[place + 1..].iter().find(|key| key.has_turn()).map(|key| key.signs_from);
    let stage = |(place, key): (usize, &Times)| {
        if key.retired_at.is_some() {
            return Stage { state: State::Retired, verifies_until: key.retired_at };
        }
        let succeeded = successor(place);
        let verifies_until = succeeded.map(|from| from + VERIFIES_AFTER);
        let state = if key.signs_from > at {
            State::Next
        } else if succeeded.is_none_or(|from| from > at) {
            State::Signing
        } else if verifies_until.is_some_and(|until| until > at) {
            State::Verifying
        } else {
            State::Retired
        };
        Stage { state, verifies_until }
    };
    keys.iter().enumerate().map(stage).collect()
}
