//! What a partner consolidates: its subresellers, and the days of a month on which its clients were billable.
//!
//! A day is a day in UTC. It is billable where the client's billing status was `active` at some moment of it, and it is
//! not before the client's `start_billing_date`. So a client that is cancelled and activated again on one day has that
//! day once, and one that was never activated has none, whatever its `start_billing_date`.

use chrono::{DateTime, Datelike as _, Months, NaiveDate, NaiveTime, Utc};

use super::{
    client_filter::{Asked, BadQuery, read},
    form::{SUBRESELLER, subreseller},
    page::Place,
    parameters::{Parameters, Value},
    validation::Refusal,
};

/// A calendar month in UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Month {
    first: NaiveDate,
    beyond: NaiveDate,
}

impl Month {
    /// The month of a text `YYYY-MM`, of the years 1 to 9998.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let shaped = text.len() == 7 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok();
        let first = first.filter(|first| shaped && (1..=9998).contains(&first.year()))?;
        Some(Self { first, beyond: first.checked_add_months(Months::new(1))? })
    }

    /// Its first moment.
    #[must_use]
    pub const fn begin(&self) -> DateTime<Utc> {
        self.first.and_time(NaiveTime::MIN).and_utc()
    }

    /// The first moment of the next one.
    #[must_use]
    pub const fn end(&self) -> DateTime<Utc> {
        self.beyond.and_time(NaiveTime::MIN).and_utc()
    }

    /// As `YYYY-MM`.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.first.format("%Y-%m").to_string()
    }
}

/// Of which clients, and which month.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Consolidation {
    /// The month.
    pub month: Month,
    /// One subreseller's clients alone.
    pub subreseller_id: Option<String>,
    /// Whether `format` asks for CSV; none where it is not there.
    pub csv: Option<bool>,
}

impl Asked<Option<Consolidation>> {
    /// Reads what is to be consolidated: of a month that has begun by `now`. There is always some, where it is `Ok`.
    ///
    /// # Errors
    /// [`BadQuery`]
    pub fn billing(parameters: &Parameters, now: DateTime<Utc>) -> Result<Self, BadQuery> {
        read(parameters, &["month", SUBRESELLER, "format", "limit", "after"], |form| {
            let month = form.required("month", |value| begun(value, now));
            let subreseller_id = form.optional(SUBRESELLER, subreseller);
            let csv = form.optional("format", format);
            month.map(|month| Consolidation { month, subreseller_id, csv })
        })
    }
}

impl Asked<[(); 0]> {
    /// Reads which subresellers are asked for.
    ///
    /// # Errors
    /// [`BadQuery`]
    pub fn subresellers(parameters: &Parameters) -> Result<Self, BadQuery> {
        read(parameters, &["limit", "after"], |_| [])
    }
}

fn begun(value: &Value, now: DateTime<Utc>) -> Result<Month, Refusal> {
    let month = value.as_text().and_then(Month::parse).ok_or(Refusal::Format)?;
    if month.begin() > now { Err(Refusal::NotBegun) } else { Ok(month) }
}

fn format(value: &Value) -> Result<bool, Refusal> {
    match value.as_text() {
        Some("json") => Ok(false),
        Some("csv") => Ok(true),
        _ => Err(Refusal::Format),
    }
}

/// A client's billable days in a month: one at least.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BillableClient {
    /// Its subreseller, as it is now.
    pub subreseller_id: Option<String>,
    /// The client.
    pub id: i64,
    /// Its domain on the switch.
    pub ns_domain: String,
    /// The partner's own id for it.
    pub customer_id: Option<String>,
    /// How many days.
    pub days: i64,
    /// The first of them.
    pub from: NaiveDate,
    /// The last of them.
    pub to: NaiveDate,
}

/// A subreseller, and how many of its clients have each status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subreseller {
    /// Its id.
    pub id: String,
    /// Clients that are pending.
    pub pending: i64,
    /// Clients that are active.
    pub active: i64,
    /// Clients that are suspended.
    pub suspended: i64,
    /// Clients that are cancelled.
    pub cancelled: i64,
}

/// After a client, in the order of subreseller and id. The subreseller is empty for clients that have none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BillingPlace {
    /// The subreseller.
    pub subreseller: String,
    /// The client.
    pub client: i64,
}

impl Place for BillingPlace {
    fn to_text(&self) -> String {
        format!("{} {}", self.client, self.subreseller)
    }

    fn parse(text: &str) -> Option<Self> {
        let (client, subreseller) = text.split_once(' ')?;
        Some(Self { subreseller: subreseller.to_owned(), client: client.parse().ok()? })
    }
}

/// After a subreseller.
impl Place for String {
    fn to_text(&self) -> String {
        self.clone()
    }

    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}
