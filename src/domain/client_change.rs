//! The parameters of "change a client", turned into what the client then is, or into every reason why not.

use super::{
    client::{Billing, NewClient},
    form::{
        self, BILLING_ADDRESS, BILLING_ZIPCODE, Form, HAS_SUBRESELLER, SAME_BILLING, SAME_BILLING_SPELLINGS,
        SUBRESELLER, line,
    },
    parameters::{Parameters, Value},
    validation::{Refusal, ValidationErrors},
};

/// What is never changed, or never here: a caller that sends it would believe that it was.
const FIXED: [&str; 4] = ["id", "ns_domain", "status", "billing_status"];

impl NewClient {
    /// What a client is once these parameters have changed it. A parameter that is missing leaves its member as it is;
    /// an empty one takes an optional member away. The rules are those of a new client, judged on the outcome.
    ///
    /// Where there is no such client, the parameters are judged as far as they can be alone, and nothing comes of it.
    ///
    /// # Errors
    /// [`ValidationErrors`] with every parameter that is wrong, in the order of the contract's table.
    pub fn change(current: Option<&Self>, parameters: &Parameters) -> Result<Option<Self>, ValidationErrors> {
        let mut form = Form::new(parameters);
        form.refuse_fixed();
        let subreseller_id = form.changed_subreseller(current);
        let email = form.changed("email", form::email);
        let first_name = form.changed("first_name", |v| line(v, 100));
        let last_name = form.changed("last_name", |v| line(v, 100));
        let zipcode = form.changed("zipcode", form::zipcode);
        let address = form.changed("address", |v| line(v, 255));
        let billing = form.changed_billing(current);
        let (now_id, now_date) =
            current.map(|now| (now.customer_id.clone(), now.start_billing_date)).unwrap_or_default();
        let customer_id = form.cleared("customer_id", now_id, |v| line(v, 128));
        let start_billing_date = form.cleared("start_billing_date", now_date, form::date);

        let errors = form.errors();
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(current.map(|current| {
            let kept = |new: Option<String>, old: &String| new.unwrap_or_else(|| old.clone());
            let (address, zipcode) = (kept(address, &current.address), kept(zipcode, &current.zipcode));
            let billing = billing.unwrap_or_else(|| Billing {
                same_address: true,
                address: address.clone(),
                zipcode: zipcode.clone(),
            });
            Self {
                subreseller_id,
                email: kept(email, &current.email),
                first_name: kept(first_name, &current.first_name),
                last_name: kept(last_name, &current.last_name),
                address,
                zipcode,
                billing,
                customer_id,
                start_billing_date,
            }
        }))
    }

    /// The members of the whole client that differ, in their order there.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let members = [
            ("customer_id", self.customer_id == other.customer_id),
            (HAS_SUBRESELLER, self.subreseller_id.is_some() == other.subreseller_id.is_some()),
            (SUBRESELLER, self.subreseller_id == other.subreseller_id),
            ("email", self.email == other.email),
            ("first_name", self.first_name == other.first_name),
            ("last_name", self.last_name == other.last_name),
            ("address", self.address == other.address),
            ("zipcode", self.zipcode == other.zipcode),
            (SAME_BILLING, self.billing.same_address == other.billing.same_address),
            (BILLING_ADDRESS, self.billing.address == other.billing.address),
            (BILLING_ZIPCODE, self.billing.zipcode == other.billing.zipcode),
            ("start_billing_date", self.start_billing_date == other.start_billing_date),
        ];
        members.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
    }
}

impl Form<'_> {
    fn refuse_fixed(&mut self) {
        for name in FIXED {
            if self.is_given(&[name]) {
                self.refuse(name, Refusal::Prohibited);
            }
        }
    }

    /// The new value of a member that a client always has; none where it stays, or was refused.
    fn changed<T>(&mut self, name: &'static str, check: impl Fn(&Value) -> Result<T, Refusal>) -> Option<T> {
        if self.is_given(&[name]) { self.required(name, check) } else { None }
    }

    /// A member that a client may lack: as given, else as it is now.
    fn cleared<T>(
        &mut self,
        name: &'static str,
        now: Option<T>,
        check: impl Fn(&Value) -> Result<T, Refusal>,
    ) -> Option<T> {
        if self.is_given(&[name]) { self.optional(name, check) } else { now }
    }

    /// The boolean that holds after the change; none where that cannot be told.
    fn holds_then(&mut self, spellings: &[&'static str], now: Option<bool>) -> Option<bool> {
        if self.is_given(spellings) { self.read(spellings, Some(Refusal::Required), form::boolean) } else { now }
    }

    /// A member that a boolean of that value asks for: as given, else as it is.
    fn asked_for(
        &mut self,
        name: &'static str,
        (by, value): (&'static str, bool),
        now: Option<&String>,
        knows: bool,
        check: impl Fn(&Value) -> Result<String, Refusal>,
    ) -> Option<String> {
        let missing = (self.is_given(&[name]) || knows).then_some(Refusal::RequiredWhen(by, value));
        match now {
            Some(now) if !self.is_given(&[name]) => Some(now.clone()),
            _ => self.read(&[name], missing, check),
        }
    }

    fn changed_subreseller(&mut self, current: Option<&NewClient>) -> Option<String> {
        let now = current.and_then(|client| client.subreseller_id.as_ref());
        match self.holds_then(&[HAS_SUBRESELLER], current.map(|client| client.subreseller_id.is_some())) {
            Some(true) => {
                self.asked_for(SUBRESELLER, (HAS_SUBRESELLER, true), now, current.is_some(), form::subreseller)
            }
            Some(false) => {
                if !matches!(self.value(&[SUBRESELLER]), Ok(None)) {
                    self.refuse(SUBRESELLER, Refusal::ProhibitedWhen(HAS_SUBRESELLER, false));
                }
                None
            }
            None => self.optional(SUBRESELLER, form::subreseller),
        }
    }

    /// Where the client is billed then; none for its own address.
    fn changed_billing(&mut self, current: Option<&NewClient>) -> Option<Billing> {
        let now = current.map(|client| &client.billing).filter(|billing| !billing.same_address);
        if self.holds_then(&SAME_BILLING_SPELLINGS, current.map(|client| client.billing.same_address))? {
            return None;
        }
        let (asks, knows) = ((SAME_BILLING, false), current.is_some());
        let address = self.asked_for(BILLING_ADDRESS, asks, now.map(|b| &b.address), knows, |v| line(v, 255));
        let zipcode = self.asked_for(BILLING_ZIPCODE, asks, now.map(|b| &b.zipcode), knows, form::zipcode);
        Some(Billing { same_address: false, address: address?, zipcode: zipcode? })
    }
}
