//! The samples: files of `docs/samples/`, which the tests run and the page shows.

/// The languages, as the tabs name them and as the folders do.
pub const LANGUAGES: [(&str, &str); 4] =
    [("Shell", "shell"), ("PHP", "php"), ("Python", "python"), ("JavaScript", "javascript")];

/// One thing to do, in every language.
pub struct Sample {
    /// What it is called.
    pub name: &'static str,
    /// The headings that it belongs under, the outer one first.
    pub under: (&'static str, &'static str),
    /// Whether it shows an error.
    pub refused: bool,
    /// The code, in the order of [`LANGUAGES`].
    pub code: [&'static str; 4],
}

macro_rules! sample {
    ($name:literal, $outer:literal, $inner:literal, $refused:literal) => {
        Sample {
            name: $name,
            under: ($outer, $inner),
            refused: $refused,
            code: [
                include_str!(concat!("../../docs/samples/shell/", $name, ".sh")),
                include_str!(concat!("../../docs/samples/php/", $name, ".php")),
                include_str!(concat!("../../docs/samples/python/", $name, ".py")),
                include_str!(concat!("../../docs/samples/javascript/", $name, ".mjs")),
            ],
        }
    };
}

/// What the others stand on: the caller's values, and one function that sends a request.
pub const SETUP: Sample = Sample {
    name: "dna",
    under: ("Before you start", ""),
    refused: false,
    code: [
        include_str!("../../docs/samples/shell/values.sh"),
        include_str!("../../docs/samples/php/dna.php"),
        include_str!("../../docs/samples/python/dna.py"),
        include_str!("../../docs/samples/javascript/dna.mjs"),
    ],
};

/// A whole client for one language, to be downloaded.
pub struct Client {
    /// The language's folder.
    pub language: &'static str,
    /// The file's name.
    pub file: &'static str,
    /// The file.
    pub text: &'static str,
}

/// The clients that partners may take as they are.
pub const CLIENTS: [Client; 2] = [
    Client { language: "php", file: "DnaClient.php", text: include_str!("../../docs/samples/php/DnaClient.php") },
    Client { language: "shell", file: "dna.sh", text: include_str!("../../docs/samples/shell/dna.sh") },
];

/// All others, in the order in which they can be run.
pub const SAMPLES: [Sample; 24] = [
    sample!("token", "Get a token", "With a password, standard form", false),
    sample!("token-documented", "Get a token", "With a password, documented form", false),
    sample!("token-basic", "Get a token", "With HTTP Basic", false),
    sample!("refresh", "Get a token", "With a refresh token", false),
    sample!("introspect", "Ask what a token is", "", false),
    sample!("create", "Create a client", "Standard form", false),
    sample!("create-documented", "Create a client", "Documented form", false),
    sample!("activate", "Activate and suspend", "Standard form", false),
    sample!("suspend", "Activate and suspend", "Standard form", false),
    sample!("activate-documented", "Activate and suspend", "Documented form", false),
    sample!("cancel", "Cancel a client", "", false),
    sample!("read", "Read a client", "", false),
    sample!("domain", "Read a client", "The status of a domain", false),
    sample!("update", "Change a client", "", false),
    sample!("list", "List and find clients", "", false),
    sample!("events", "What happened", "", false),
    sample!("repeat", "Repeat a request safely", "", false),
    sample!("import", "Import and export", "Import", false),
    sample!("export", "Import and export", "Export", false),
    sample!("subresellers", "Subresellers and billing", "Subresellers", false),
    sample!("billing", "Subresellers and billing", "The billable days of a month", false),
    sample!("validation", "Errors", "Validation", true),
    sample!("taken", "Errors", "A customer_id that is taken", true),
    sample!("revoke", "Revoke a token", "", false),
];

/// The samples under these headings.
#[must_use]
pub fn under(outer: &str, inner: &str) -> Vec<&'static Sample> {
    static ALL: &[Sample] = &SAMPLES;
    static FIRST: Sample = SETUP;
    std::iter::once(&FIRST).chain(ALL).filter(|sample| sample.under == (outer, inner)).collect()
}
