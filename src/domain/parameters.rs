//! The parameters of a request, wherever they were: names, values, and which were in the URL.

use std::collections::HashSet;

/// What a parameter holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// Text: every parameter but JSON's other types.
    Text(String),
    /// JSON's `true` or `false`.
    Bool(bool),
    /// A JSON number, as it was written.
    Number(String),
    /// JSON's `null`: a missing parameter.
    Null,
    /// A JSON array or object, or an uploaded file.
    Structure,
}

impl Value {
    /// The value's text, untrimmed; none for `null` and for a structure.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text),
            Self::Bool(true) => Some("true"),
            Self::Bool(false) => Some("false"),
            Self::Null | Self::Structure => None,
        }
    }
}

/// Parameters in the order in which they came, each as often as it came.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parameters {
    given: Vec<(String, Value)>,
    in_url: usize,
}

impl Parameters {
    /// Those of the URL's query string and those of the body.
    #[must_use]
    pub fn new(url: Vec<(String, Value)>, body: Vec<(String, Value)>) -> Self {
        let in_url = url.len();
        Self { given: url.into_iter().chain(body).collect(), in_url }
    }

    /// Whether the request is of the documented form: no parameter in a body.
    #[must_use]
    pub fn are_documented_form(&self) -> bool {
        self.in_url == self.given.len()
    }

    /// Whether there is none at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// Every name, as often as it came.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.given.iter().map(|(name, _)| name.as_str())
    }

    /// Every name with its value's text, trimmed, as often as it came; no text for `null` and for a structure.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.given.iter().map(|(name, value)| (name.as_str(), value.as_text().map(str::trim)))
    }

    /// Every value that came under a name.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a Value> + use<'a, 'n> {
        self.given.iter().filter(move |(given, _)| given == name).map(|(_, value)| value)
    }

    /// Whether the URL holds a parameter of one of these names.
    #[must_use]
    pub fn in_url(&self, names: &[&str]) -> bool {
        self.given[..self.in_url].iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    /// The first name that came more than once.
    #[must_use]
    pub fn repeated(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        self.given.iter().map(|(name, _)| name.as_str()).find(|name| !seen.insert(*name))
    }
}
