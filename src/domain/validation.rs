//! What is wrong with parameters, in words that tell a person what to mend.

use serde::{Serialize, Serializer, ser::SerializeMap};

/// Why one parameter is refused. Displayed with the parameter's name, [`Refusal::message`] is the sentence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// It is missing.
    Required,
    /// It is missing, and another parameter's value asks for it.
    RequiredWhen(&'static str, bool),
    /// It is there, and another parameter's value rules it out.
    ProhibitedWhen(&'static str, bool),
    /// It is there, and can never be changed.
    Prohibited,
    /// It is no boolean.
    NotBoolean,
    /// It is no e-mail address.
    NotEmail,
    /// It has more characters than this.
    TooLong(usize),
    /// It breaks the parameter's own rule.
    Format,
    /// It is no real date.
    NotDate,
    /// It is a month that has not begun.
    NotBegun,
    /// It came twice, with different values.
    Twice,
}

impl Refusal {
    /// The sentence for the parameter `name`.
    #[must_use]
    pub fn message(self, name: &str) -> String {
        let spoken = |name: &str| name.replace('_', " ");
        let name = spoken(name);
        match self {
            Self::Required => format!("The {name} field is required."),
            Self::RequiredWhen(other, value) => {
                format!("The {name} field is required when {} is {value}.", spoken(other))
            }
            Self::ProhibitedWhen(other, value) => {
                format!("The {name} field is prohibited when {} is {value}.", spoken(other))
            }
            Self::Prohibited => format!("The {name} field is prohibited."),
            Self::NotBoolean => format!("The {name} field must be true or false."),
            Self::NotEmail => format!("The {name} must be a valid email address."),
            Self::TooLong(max) => format!("The {name} may not be greater than {max} characters."),
            Self::Format => format!("The {name} format is invalid."),
            Self::NotDate => format!("The {name} is not a valid date."),
            Self::NotBegun => format!("The {name} has not begun."),
            Self::Twice => format!("The {name} was given twice."),
        }
    }
}

/// Every parameter that is wrong, in the order of the contract; serializes as a map from name to messages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ValidationErrors(Vec<(&'static str, Refusal)>);

impl ValidationErrors {
    /// These refusals.
    #[must_use]
    pub const fn new(refusals: Vec<(&'static str, Refusal)>) -> Self {
        Self(refusals)
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first message, and how many more there are.
    #[must_use]
    pub fn message(&self) -> String {
        let first = self.0.first().map(|(name, refusal)| refusal.message(name)).unwrap_or_default();
        match self.0.len() {
            0 | 1 => first,
            2 => format!("{first} (and 1 more error)"),
            n => format!("{first} (and {} more errors)", n - 1),
        }
    }
}

impl Serialize for ValidationErrors {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(Some(self.0.len()))?;
        for (name, refusal) in &self.0 {
            map.serialize_entry(name, &[refusal.message(name)])?;
        }
        map.end()
    }
}
