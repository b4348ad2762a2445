//! Why a client is activated, suspended or cancelled, in the caller's own words.

use super::{
    form::{Form, line},
    parameters::Parameters,
    validation::ValidationErrors,
};

/// Characters of a reason, at most.
const MAX: usize = 500;

/// The parameter `reason`, where there is one: one line of plain text.
///
/// # Errors
/// [`ValidationErrors`] where it is too long, no line of plain text, or there twice with different values.
pub fn parse(parameters: &Parameters) -> Result<Option<String>, ValidationErrors> {
    let mut form = Form::new(parameters);
    let reason = form.optional("reason", |value| line(value, MAX));
    let errors = form.errors();
    if errors.is_empty() { Ok(reason) } else { Err(errors) }
}
