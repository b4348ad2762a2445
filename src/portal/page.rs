//! The page: every document in one, and the navigation.

use std::fmt::Write as _;

use super::{
    base, filled,
    highlight::escape,
    markdown::{Heading, Rendered},
};

/// The documents, in the order of the page.
const DOCUMENTS: [&str; 8] = [
    include_str!("../../docs/guides/first-day.md"),
    include_str!("../../docs/reference.md"),
    include_str!("../../docs/guides/handling-errors.md"),
    include_str!("../../docs/guides/retrying.md"),
    include_str!("../../docs/guides/moving-secrets.md"),
    include_str!("../../docs/guides/clients.md"),
    include_str!("../../docs/guides/testing.md"),
    include_str!("../../docs/changelog.md"),
];

const TEMPLATE: &str = include_str!("assets/page.html");

/// What the page needs to know of the server.
pub struct Page {
    /// The server's URL.
    pub public_url: String,
    /// The paths of what it loads.
    pub script: String,
    /// See `script`.
    pub style: String,
    /// See `script`.
    pub icon: String,
}

impl Page {
    /// The page.
    pub fn html(&self) -> String {
        let mut rendered = Rendered::default();
        for document in DOCUMENTS {
            rendered.add(document, &self.public_url);
        }
        let parts = [
            ("{{base}}", escape(base(&self.public_url))),
            ("{{style}}", self.style.clone()),
            ("{{script}}", self.script.clone()),
            ("{{icon}}", self.icon.clone()),
            ("{{url}}", escape(&self.public_url)),
            ("{{version}}", env!("CARGO_PKG_VERSION").to_owned()),
            ("{{navigation}}", navigation(&rendered.headings)),
            ("{{content}}", rendered.html),
        ];
        filled(TEMPLATE, &parts)
    }
}

fn navigation(headings: &[Heading]) -> String {
    let mut out = String::new();
    for Heading { level, id, text } in headings {
        let _ = writeln!(out, "<li class=\"level{level}\"><a href=\"#{id}\">{}</a></li>", escape(text));
    }
    out
}
