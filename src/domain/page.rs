//! Pages of a list: how many, and from where on.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{form::Form, parameters::Value, validation::Refusal};

/// Rows of a page, at most.
const LIMIT_MAX: u16 = 200;
/// Rows of a page where nobody says how many.
const LIMIT: u16 = 50;

/// One page, and where the next begins; none where this is the last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page<T, P> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Where the next one begins.
    pub next: Option<P>,
}

/// A place in a list, as a cursor carries it from one page to the next.
pub trait Place: Sized {
    /// The place as text.
    fn to_text(&self) -> String;
    /// The place of such a text.
    fn parse(text: &str) -> Option<Self>;
}

/// After a client, in the order of the list that it stands in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClientPlace {
    /// By id.
    Id(i64),
    /// By creation.
    Created(DateTime<Utc>, i64),
    /// By the word that was found.
    Word(String, i64),
}

impl Place for ClientPlace {
    fn to_text(&self) -> String {
        match self {
            Self::Id(id) => format!("i {id}"),
            Self::Created(at, id) => format!("c {} {id}", at.timestamp_micros()),
            Self::Word(word, id) => format!("w {word} {id}"),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let place = match (parts.next()?, parts.next()?, parts.next()) {
            ("i", id, None) => Self::Id(id.parse().ok()?),
            ("c", at, Some(id)) => Self::Created(DateTime::from_timestamp_micros(at.parse().ok()?)?, id.parse().ok()?),
            ("w", word, Some(id)) => Self::Word(word.to_owned(), id.parse().ok()?),
            _ => return None,
        };
        parts.next().is_none().then_some(place)
    }
}

/// After an event of a client.
impl Place for Uuid {
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// After an event of a partner's feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FeedPlace {
    /// The event's position.
    pub position: i64,
    /// Its id, which orders events of one position.
    pub id: Uuid,
}

impl FeedPlace {
    /// Before the first event.
    pub const START: Self = Self { position: -1, id: Uuid::nil() };
}

impl Place for FeedPlace {
    fn to_text(&self) -> String {
        format!("{} {}", self.position, self.id)
    }

    fn parse(text: &str) -> Option<Self> {
        let (position, id) = text.split_once(' ')?;
        Some(Self { position: position.parse().ok()?, id: id.parse().ok()? })
    }
}

/// In which order a client's events are told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// Oldest first.
    Ascending,
    /// Newest first.
    Descending,
}

impl Form<'_> {
    /// `limit`: how many rows a page has.
    pub(super) fn limit(&mut self) -> u16 {
        let limit = |value: &Value| match value {
            Value::Text(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or(Refusal::Format)
            }
            _ => Err(Refusal::Format),
        };
        self.optional("limit", limit).unwrap_or(LIMIT)
    }

    /// `after`: a cursor, which only the server reads.
    pub(super) fn after(&mut self) -> Option<String> {
        self.optional("after", |value| value.as_text().map(str::to_owned).ok_or(Refusal::Format))
    }
}
