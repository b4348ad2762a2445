//! The parameters of "create a client", turned into a [`NewClient`] or into every reason why not.

use chrono::{Datelike, NaiveDate};

use super::{
    client::{Billing, NewClient},
    parameters::{Parameters, Value},
    text,
    validation::{Refusal, ValidationErrors},
};

const HAS_SUBRESELLER: &str = "has_subreseller_id";
const SAME_BILLING: &str = "same_billing_address";

impl NewClient {
    /// Checks every parameter.
    ///
    /// # Errors
    /// [`ValidationErrors`] with every parameter that is wrong, in the order of the contract's table.
    pub fn parse(parameters: &Parameters) -> Result<Self, ValidationErrors> {
        let mut form = Form { parameters, refusals: Vec::new() };
        let has_subreseller = form.boolean(&[HAS_SUBRESELLER]);
        let subreseller_id = form.subreseller(has_subreseller);
        let email = form.required("email", email);
        let first_name = form.required("first_name", |v| line(v, 100));
        let last_name = form.required("last_name", |v| line(v, 100));
        let zip = form.required("zipcode", zipcode);
        let address = form.required("address", |v| line(v, 255));
        let same = form.boolean(&[SAME_BILLING, "sameBillingAddress"]);
        let billing = match same {
            Some(true) => address.clone().zip(zip.clone()),
            Some(false) => form.billing(),
            None => None,
        };
        let customer_id = form.optional("customer_id", |v| line(v, 128));
        let start_billing_date = form.optional("start_billing_date", date);

        let errors = ValidationErrors::new(form.refusals);
        let new = || {
            let (same_address, (address_billed, zipcode_billed)) = same.zip(billing)?;
            Some(Self {
                subreseller_id,
                email: email?,
                first_name: first_name?,
                last_name: last_name?,
                address: address?,
                zipcode: zip?,
                billing: Billing { same_address, address: address_billed, zipcode: zipcode_billed },
                customer_id,
                start_billing_date,
            })
        };
        match new() {
            Some(new) if errors.is_empty() => Ok(new),
            _ => Err(errors),
        }
    }
}

/// The parameters, and what is wrong with those that have been looked at.
struct Form<'a> {
    parameters: &'a Parameters,
    refusals: Vec<(&'static str, Refusal)>,
}

impl Form<'_> {
    fn refuse(&mut self, name: &'static str, refusal: Refusal) {
        self.refusals.push((name, refusal));
    }

    /// The one value under these spellings of a name: none where it is missing, empty or null.
    fn value(&self, spellings: &[&'static str]) -> Result<Option<Value>, Refusal> {
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
    fn read<T>(
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

    fn required<T>(&mut self, name: &'static str, check: impl Fn(&Value) -> Result<T, Refusal>) -> Option<T> {
        self.read(&[name], Some(Refusal::Required), check)
    }

    fn optional<T>(&mut self, name: &'static str, check: impl Fn(&Value) -> Result<T, Refusal>) -> Option<T> {
        self.read(&[name], None, check)
    }

    fn boolean(&mut self, spellings: &[&'static str]) -> Option<bool> {
        self.read(spellings, Some(Refusal::Required), boolean)
    }

    fn subreseller(&mut self, has: Option<bool>) -> Option<String> {
        const NAME: &str = "subreseller_id";
        match has {
            Some(true) => self.read(&[NAME], Some(Refusal::RequiredWhen(HAS_SUBRESELLER, true)), subreseller),
            Some(false) => {
                let given = self.value(&[NAME]);
                if !matches!(given, Ok(None)) {
                    self.refuse(NAME, Refusal::ProhibitedWhen(HAS_SUBRESELLER, false));
                }
                None
            }
            None => self.optional(NAME, subreseller),
        }
    }

    fn billing(&mut self) -> Option<(String, String)> {
        let missing = Some(Refusal::RequiredWhen(SAME_BILLING, false));
        let address = self.read(&["billing_address"], missing, |v| line(v, 255));
        let zip = self.read(&["billing_zipcode"], missing, zipcode);
        address.zip(zip)
    }
}

/// One line of at most `max` characters.
fn line(value: &Value, max: usize) -> Result<String, Refusal> {
    match value {
        Value::Text(text) if text.chars().count() > max => Err(Refusal::TooLong(max)),
        Value::Text(text) if text::is_plain(text) => Ok(text.clone()),
        _ => Err(Refusal::Format),
    }
}

/// A JSON number is taken as its digits: the document's example is one.
fn subreseller(value: &Value) -> Result<String, Refusal> {
    match value {
        Value::Number(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => line(&Value::Text(digits.clone()), 64),
        other => line(other, 64),
    }
}

fn email(value: &Value) -> Result<String, Refusal> {
    match value {
        Value::Text(text) if text.chars().count() > 254 => Err(Refusal::TooLong(254)),
        Value::Text(text) if text::is_email(text) => Ok(text.clone()),
        _ => Err(Refusal::NotEmail),
    }
}

fn zipcode(value: &Value) -> Result<String, Refusal> {
    match value {
        Value::Text(text) if text::is_zipcode(text) => Ok(text.clone()),
        _ => Err(Refusal::Format),
    }
}

fn boolean(value: &Value) -> Result<bool, Refusal> {
    match value.as_text().map(str::to_ascii_lowercase).as_deref() {
        Some("true" | "1" | "on" | "yes") => Ok(true),
        Some("false" | "0" | "off" | "no") => Ok(false),
        _ => Err(Refusal::NotBoolean),
    }
}

/// `YYYY-MM-DD`, or the later revisions' `MM/DD/YYYY`; a day that was or will be.
fn date(value: &Value) -> Result<NaiveDate, Refusal> {
    let Value::Text(text) = value else { return Err(Refusal::NotDate) };
    let digits = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b'/');
    let parsed = NaiveDate::parse_from_str(text, "%Y-%m-%d").or_else(|_| NaiveDate::parse_from_str(text, "%m/%d/%Y"));
    parsed.ok().filter(|date| digits && date.year() >= 1).ok_or(Refusal::NotDate)
}
