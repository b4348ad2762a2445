//! Parameters, read one by one: each checked, and what is wrong with it kept for the reply that names them all.

use chrono::{Datelike, NaiveDate};

use super::{
    parameters::{Parameters, Value},
    text,
    validation::{Refusal, ValidationErrors},
};

pub(super) const HAS_SUBRESELLER: &str = "has_subreseller_id";
pub(super) const SUBRESELLER: &str = "subreseller_id";
pub(super) const SAME_BILLING: &str = "same_billing_address";
/// How [`SAME_BILLING`] may be spelt.
pub(super) const SAME_BILLING_SPELLINGS: [&str; 2] = [SAME_BILLING, "sameBillingAddress"];
pub(super) const BILLING_ADDRESS: &str = "billing_address";
pub(super) const BILLING_ZIPCODE: &str = "billing_zipcode";

/// The parameters, and what is wrong with those that have been looked at.
pub(super) struct Form<'a> {
    parameters: &'a Parameters,
    refusals: Vec<(&'static str, Refusal)>,
}

impl<'a> Form<'a> {
    pub(super) const fn new(parameters: &'a Parameters) -> Self {
        Self { parameters, refusals: Vec::new() }
    }

    /// All that is wrong.
    pub(super) fn errors(self) -> ValidationErrors {
        ValidationErrors::new(self.refusals)
    }

    /// Whether there is a parameter of one of these names, be it empty.
    pub(super) fn is_given(&self, spellings: &[&'static str]) -> bool {
        spellings.iter().any(|name| self.parameters.all(name).next().is_some())
    }

    pub(super) fn refuse(&mut self, name: &'static str, refusal: Refusal) {
        self.refusals.push((name, refusal));
    }

    /// The one value under these spellings of a name: none where it is missing, empty or null.
    pub(super) fn value(&self, spellings: &[&'static str]) -> Result<Option<Value>, Refusal> {
        let given: Vec<&Value> = spellings.iter().flat_map(|name| self.parameters.all(name)).collect();
        let equal =
            |a: &Value, b: &Value| a.as_text().map(str::trim) == b.as_text().map(str::trim) && *a != Value::Structure;
        match given.split_first() {
            None => Ok(None),
            Some((first, rest)) if rest.iter().all(|other| equal(first, other)) => Ok(match first {
                Value::Text(text) if text.trim().is_empty() => None,
                Value::Text(text) => Some(Value::Text(text.trim().to_owned())),
                Value::Null => None,
                other => Some((*other).clone()),
            }),
            Some(_) => Err(Refusal::Twice),
        }
    }

    /// The checked value under these spellings: `None` when it is missing or was refused.
    pub(super) fn read<T>(
        &mut self,
        spellings: &[&'static str],
        missing: Option<Refusal>,
        check: impl Fn(&Value) -> Result<T, Refusal>,
    ) -> Option<T> {
        let read = match self.value(spellings) {
            Ok(None) => missing.map_or(Ok(None), Err),
            Ok(Some(Value::Structure)) => Err(Refusal::Format),
            Ok(Some(value)) => check(&value).map(Some),
            Err(refusal) => Err(refusal),
        };
        read.unwrap_or_else(|refusal| {
            self.refuse(spellings[0], refusal);
            None
        })
    }

    pub(super) fn required<T>(
        &mut self,
        name: &'static str,
        check: impl Fn(&Value) -> Result<T, Refusal>,
    ) -> Option<T> {
        self.read(&[name], Some(Refusal::Required), check)
    }

    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        check: impl Fn(&Value) -> Result<T, Refusal>,
    ) -> Option<T> {
        self.read(&[name], None, check)
    }
}

/// One line of at most `max` characters.
pub(super) fn line(value: &Value, max: usize) -> Result<String, Refusal> {
    match value {
        Value::Text(text) if text.chars().count() > max => Err(Refusal::TooLong(max)),
        Value::Text(text) if text::is_plain(text) => Ok(text.clone()),
        _ => Err(Refusal::Format),
    }
}

/// A JSON number is taken as its digits: the document's example is one. A fraction of zeros leaves it the whole number
/// that it is: some languages write one.
pub(super) fn subreseller(value: &Value) -> Result<String, Refusal> {
    let Value::Number(number) = value else { return line(value, 64) };
    let digits = match number.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b == b'0') => whole,
        _ => number,
    };
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        line(&Value::Text(digits.to_owned()), 64)
    } else {
        Err(Refusal::Format)
    }
}

pub(super) fn email(value: &Value) -> Result<String, Refusal> {
    match value {
        Value::Text(text) if text.chars().count() > 254 => Err(Refusal::TooLong(254)),
        Value::Text(text) if text::is_email(text) => Ok(text.clone()),
        _ => Err(Refusal::NotEmail),
    }
}

pub(super) fn zipcode(value: &Value) -> Result<String, Refusal> {
    match value {
        Value::Text(text) if text::is_zipcode(text) => Ok(text.clone()),
        _ => Err(Refusal::Format),
    }
}

pub(super) fn boolean(value: &Value) -> Result<bool, Refusal> {
    match value.as_text().map(str::to_ascii_lowercase).as_deref() {
        Some("true" | "1" | "on" | "yes") => Ok(true),
        Some("false" | "0" | "off" | "no") => Ok(false),
        _ => Err(Refusal::NotBoolean),
    }
}

/// `YYYY-MM-DD`, or the later revisions' `MM/DD/YYYY`; a day that was or will be.
pub(super) fn date(value: &Value) -> Result<NaiveDate, Refusal> {
    let Value::Text(text) = value else { return Err(Refusal::NotDate) };
    let digits = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b'/');
    let parsed = NaiveDate::parse_from_str(text, "%Y-%m-%d").or_else(|_| NaiveDate::parse_from_str(text, "%m/%d/%Y"));
    parsed.ok().filter(|date| digits && date.year() >= 1).ok_or(Refusal::NotDate)
}
