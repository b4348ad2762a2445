//! The parameters of the endpoints that list: which clients or events, how many, from where on.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::{
    client::Status,
    form::{self, Form, SUBRESELLER, line},
    page::Order,
    parameters::{Parameters, Value},
    search,
    validation::{Refusal, ValidationErrors},
};

/// What clients are chosen by.
pub(super) const NAMES: [&str; 8] =
    ["status", SUBRESELLER, "email", "customer_id", "ns_domain", "created_after", "created_before", "q"];
/// What only the creation of a client knows: who sends it forgot to `POST`, as the document's own line did.
const OF_CREATION: [&str; 10] = [
    "has_subreseller_id",
    "first_name",
    "last_name",
    "zipcode",
    "address",
    "same_billing_address",
    "sameBillingAddress",
    "billing_address",
    "billing_zipcode",
    "start_billing_date",
];
/// Words of a search, at most.
const WORDS_MAX: usize = 10;

/// Why a list cannot be had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BadQuery {
    /// A parameter that only creation knows.
    OfCreation,
    /// A parameter that is unknown here.
    Unknown,
    /// Parameters that are wrong.
    Invalid(ValidationErrors),
}

/// Which clients: those that all of it holds for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClientFilter {
    /// Of this status.
    pub status: Option<Status>,
    /// Of this subreseller.
    pub subreseller_id: Option<String>,
    /// Of this e-mail address, whatever the letter case.
    pub email: Option<String>,
    /// Of this id of the partner's own.
    pub customer_id: Option<String>,
    /// Of this domain, in lower case.
    pub ns_domain: Option<String>,
    /// Created then or later.
    pub created_after: Option<DateTime<Utc>>,
    /// Created earlier than that.
    pub created_before: Option<DateTime<Utc>>,
    /// With words in names and address that begin with each of these; the longest one first.
    pub q: Vec<String>,
}

impl ClientFilter {
    /// Reads the filter alone, for who wants no page of the API's.
    ///
    /// # Errors
    /// [`ValidationErrors`]
    pub fn parse(parameters: &Parameters) -> Result<Self, ValidationErrors> {
        let mut form = Form::new(parameters);
        let filter = Self::read(&mut form);
        let errors = form.errors();
        if errors.is_empty() { Ok(filter) } else { Err(errors) }
    }

    pub(super) fn read(form: &mut Form<'_>) -> Self {
        Self {
            status: form.optional("status", status),
            subreseller_id: form.optional(SUBRESELLER, form::subreseller),
            email: form.optional("email", form::email),
            customer_id: form.optional("customer_id", |v| line(v, 128)),
            ns_domain: form.optional("ns_domain", |v| line(v, 64)).map(|name| name.to_lowercase()),
            created_after: form.optional("created_after", moment),
            created_before: form.optional("created_before", moment),
            q: form.optional("q", words).unwrap_or_default(),
        }
    }
}

/// A page that is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked<F> {
    /// What of.
    pub filter: F,
    /// Rows at most.
    pub limit: u16,
    /// The cursor to go on from.
    pub after: Option<String>,
    /// The filter's parameters as they came, in the order of the reference: a link to the next page repeats them.
    pub given: Vec<(&'static str, String)>,
}

impl Asked<ClientFilter> {
    /// Reads which clients are asked for.
    ///
    /// # Errors
    /// [`BadQuery`]
    pub fn clients(parameters: &Parameters) -> Result<Self, BadQuery> {
        if parameters.names().any(|name| OF_CREATION.contains(&name)) {
            return Err(BadQuery::OfCreation);
        }
        read(parameters, &[&NAMES[..], &["limit", "after"]].concat(), ClientFilter::read)
    }
}

impl Asked<Order> {
    /// Reads which of a client's events are asked for.
    ///
    /// # Errors
    /// [`BadQuery`]
    pub fn events(parameters: &Parameters) -> Result<Self, BadQuery> {
        read(parameters, &["order", "limit", "after"], |form| form.optional("order", order).unwrap_or(Order::Ascending))
    }
}

impl Asked<()> {
    /// Reads from where on the feed is asked for.
    ///
    /// # Errors
    /// [`BadQuery`]
    pub fn feed(parameters: &Parameters) -> Result<Self, BadQuery> {
        read(parameters, &["limit", "after"], |_| ())
    }
}

pub(super) fn read<F>(
    parameters: &Parameters,
    names: &[&'static str],
    filter: impl FnOnce(&mut Form<'_>) -> F,
) -> Result<Asked<F>, BadQuery> {
    if parameters.names().any(|name| !names.contains(&name)) {
        return Err(BadQuery::Unknown);
    }
    let mut form = Form::new(parameters);
    let filter = filter(&mut form);
    let (limit, after) = (form.limit(), form.after());
    let errors = form.errors();
    if !errors.is_empty() {
        return Err(BadQuery::Invalid(errors));
    }
    let text = |name| parameters.all(name).next().and_then(Value::as_text).map(|text| text.trim().to_owned());
    let given = names.iter().filter(|name| **name != "after");
    let given = given.filter_map(|name| Some((*name, text(name).filter(|text| !text.is_empty())?))).collect();
    Ok(Asked { filter, limit, after, given })
}

fn status(value: &Value) -> Result<Status, Refusal> {
    value.as_text().and_then(Status::parse).ok_or(Refusal::Format)
}

fn order(value: &Value) -> Result<Order, Refusal> {
    match value.as_text() {
        Some("asc") => Ok(Order::Ascending),
        Some("desc") => Ok(Order::Descending),
        _ => Err(Refusal::Format),
    }
}

/// A time stamp of RFC 3339, or a day: its first moment in UTC.
fn moment(value: &Value) -> Result<DateTime<Utc>, Refusal> {
    let Value::Text(text) = value else { return Err(Refusal::NotDate) };
    let day = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let stamp = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
    let stamp = stamp.ok().filter(|at| (1..=9999).contains(&chrono::Datelike::year(at)));
    stamp.map_or_else(|| form::date(value).map(day), Ok)
}

/// Each word once, the longest first: that one narrows the search most.
fn words(value: &Value) -> Result<Vec<String>, Refusal> {
    let mut words: Vec<String> = search::words(&line(value, 200)?).collect();
    words.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    words.dedup();
    if words.is_empty() || words.len() > WORDS_MAX { Err(Refusal::Format) } else { Ok(words) }
}
