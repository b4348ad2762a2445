//! Time stamps as every reply prints them: RFC 3339 in UTC, with microseconds and `Z`.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serializer;

/// Prints a time stamp.
#[must_use]
pub fn to_rfc3339(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Serializes a time stamp.
///
/// # Errors
/// The serializer's own.
pub fn rfc3339<S: Serializer>(at: &DateTime<Utc>, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&to_rfc3339(at))
}

/// Serializes a time stamp, or null.
///
/// # Errors
/// The serializer's own.
pub fn rfc3339_or_null<S: Serializer>(at: &Option<DateTime<Utc>>, out: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => rfc3339(at, out),
        None => out.serialize_none(),
    }
}

/// A moment that an operator names: an RFC 3339 time, or how long ago by the database's clock.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Moment {
    /// None named.
    Open,
    /// A time.
    At(DateTime<Utc>),
    /// How long ago.
    Ago(Age),
}

/// A span of whole seconds, up to a century.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Age(u32);

/// Text that names no moment.
#[derive(Debug, thiserror::Error)]
#[error("a moment is an RFC 3339 time such as 2026-11-24T08:00:00Z, or how long ago, such as 90s, 30m, 2h, 7d")]
pub struct BadMoment;

/// Text that is no age.
#[derive(Debug, thiserror::Error)]
#[error("an age is a whole number and a unit, such as 90s, 30m, 2h, 400d, up to a century")]
pub struct BadAge;

impl Age {
    const LONGEST: u32 = 36_525 * 86_400;
    /// A day.
    pub const DAY: Self = Self(86_400);

    /// Reads a whole number and a unit: `s`, `m`, `h` or `d`.
    ///
    /// # Errors
    /// [`BadAge`] where it is none, or longer than a century.
    pub fn parse(text: &str) -> Result<Self, BadAge> {
        let unit = match text.chars().last() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3_600,
            Some('d') => 86_400,
            _ => return Err(BadAge),
        };
        let digits = &text[..text.len() - 1];
        let number = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u32>().ok()).flatten();
        let seconds = number.and_then(|number| number.checked_mul(unit)).filter(|seconds| *seconds <= Self::LONGEST);
        seconds.map(Self).ok_or(BadAge)
    }

    /// Its seconds.
    #[must_use]
    pub fn seconds(self) -> f64 {
        f64::from(self.0)
    }
}

impl Moment {
    /// Reads a moment.
    ///
    /// # Errors
    /// [`BadMoment`] where it is neither a time nor an age.
    pub fn parse(text: &str) -> Result<Self, BadMoment> {
        if let Ok(age) = Age::parse(text) {
            return Ok(Self::Ago(age));
        }
        DateTime::parse_from_rfc3339(text).map(|at| Self::At(at.to_utc())).map_err(|_| BadMoment)
    }

    /// The time, where it is one.
    #[must_use]
    pub const fn at(self) -> Option<DateTime<Utc>> {
        if let Self::At(at) = self { Some(at) } else { None }
    }

    /// How long ago it is, where that was named.
    #[must_use]
    pub fn seconds_ago(self) -> Option<f64> {
        if let Self::Ago(age) = self { Some(age.seconds()) } else { None }
    }
}
