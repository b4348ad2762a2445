//! The parameters of "create a client", turned into a [`NewClient`] or into every reason why not.

use super::{
    client::{Billing, NewClient},
    form::{self, BILLING_ADDRESS, BILLING_ZIPCODE, Form, HAS_SUBRESELLER, SAME_BILLING, SUBRESELLER, line},
    parameters::Parameters,
    validation::{Refusal, ValidationErrors},
};

impl NewClient {
    /// Checks every parameter.
    ///
    /// # Errors
    /// [`ValidationErrors`] with every parameter that is wrong, in the order of the contract's table.
    pub fn parse(parameters: &Parameters) -> Result<Self, ValidationErrors> {
        let mut form = Form::new(parameters);
        let has_subreseller = form.boolean(&[HAS_SUBRESELLER]);
        let subreseller_id = form.subreseller(has_subreseller);
        let email = form.required("email", form::email);
        let first_name = form.required("first_name", |v| line(v, 100));
        let last_name = form.required("last_name", |v| line(v, 100));
        let zip = form.required("zipcode", form::zipcode);
        let address = form.required("address", |v| line(v, 255));
        let same = form.boolean(&form::SAME_BILLING_SPELLINGS);
        let billing = match same {
            Some(true) => address.clone().zip(zip.clone()),
            Some(false) => form.billing(),
            None => None,
        };
        let customer_id = form.optional("customer_id", |v| line(v, 128));
        let start_billing_date = form.optional("start_billing_date", form::date);

        let errors = form.errors();
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

impl Form<'_> {
    fn boolean(&mut self, spellings: &[&'static str]) -> Option<bool> {
        self.read(spellings, Some(Refusal::Required), form::boolean)
    }

    fn subreseller(&mut self, has: Option<bool>) -> Option<String> {
        match has {
            Some(true) => {
                self.read(&[SUBRESELLER], Some(Refusal::RequiredWhen(HAS_SUBRESELLER, true)), form::subreseller)
            }
            Some(false) => {
                let given = self.value(&[SUBRESELLER]);
                if !matches!(given, Ok(None)) {
                    self.refuse(SUBRESELLER, Refusal::ProhibitedWhen(HAS_SUBRESELLER, false));
                }
                None
            }
            None => self.optional(SUBRESELLER, form::subreseller),
        }
    }

    fn billing(&mut self) -> Option<(String, String)> {
        let missing = Some(Refusal::RequiredWhen(SAME_BILLING, false));
        let address = self.read(&[BILLING_ADDRESS], missing, |v| line(v, 255));
        let zip = self.read(&[BILLING_ZIPCODE], missing, form::zipcode);
        address.zip(zip)
    }
}
