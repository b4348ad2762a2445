//! The developer portal: the Markdown of `docs/` and the samples that the tests run, as one page and a few files, made
//! once and kept packed. No HTTP in here.

mod console;
mod highlight;
mod markdown;
mod page;
pub mod samples;

use std::{
    io::{Read as _, Write as _},
    sync::{Arc, OnceLock},
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};

use crate::crypto::checksum::checksum;

/// How long a browser may keep a document without asking.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Caching {
    /// For ever: its path has its checksum in it.
    Forever,
    /// It asks each time whether its copy still holds.
    Revalidated,
}

/// What a document may load, and where it may send something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// The files of this server; it sends nothing.
    Files,
    /// Also the API of this server, and the images within its own style.
    Api,
}

/// A document, ready to be sent.
pub struct Packed {
    /// As it is.
    pub plain: Vec<u8>,
    /// The same, compressed (RFC 1952).
    pub gzip: Vec<u8>,
    /// Its entity tag, quoted.
    pub etag: String,
}

/// One document of the portal. It is made when it is first asked for.
pub struct Document {
    /// Where it is.
    pub path: String,
    /// What it is.
    pub content_type: &'static str,
    /// How long it may be kept.
    pub caching: Caching,
    /// What it may load.
    pub reach: Reach,
    pack: Box<dyn Fn() -> Packed + Send + Sync>,
    packed: OnceLock<Packed>,
}

const SCRIPT: &str = include_str!("assets/portal.js");
const STYLE: &str = include_str!("assets/portal.css");
const ICON: &str = include_str!("assets/icon.svg");
const OPENAPI: &str = include_str!("../../docs/openapi.yaml");
const COLLECTION: &str = include_str!("../../postman/dna-api.postman_collection.json");
const ENVIRONMENT: &str = include_str!("../../postman/template.postman_environment.json");

impl Document {
    fn made(
        path: String,
        content_type: &'static str,
        caching: Caching,
        pack: impl Fn() -> Packed + Send + Sync + 'static,
    ) -> Self {
        Self { path, content_type, caching, reach: Reach::Files, pack: Box::new(pack), packed: OnceLock::new() }
    }

    fn new(
        path: impl Into<String>,
        content_type: &'static str,
        caching: Caching,
        text: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        Self::made(path.into(), content_type, caching, move || pack(text()))
    }

    /// A file whose path has its checksum in it.
    fn hashed(name: &str, extension: &str, content_type: &'static str, text: &'static str) -> Self {
        let path = format!("/docs/assets/{name}.{}.{extension}", hash(text.as_bytes()));
        Self::new(path, content_type, Caching::Forever, || text.to_owned())
    }

    /// The same of a file that is compressed in the program.
    fn unpacked(name: &str, extension: &str, content_type: &'static str, gzip: &'static [u8]) -> Self {
        let path = format!("/docs/assets/{name}.{}.{extension}", hash(gzip));
        Self::made(path, content_type, Caching::Forever, move || unpack(gzip))
    }

    /// The document, packed.
    pub fn packed(&self) -> &Packed {
        self.packed.get_or_init(|| (self.pack)())
    }
}

/// Every document of the server at that URL.
#[must_use]
pub fn documents(public_url: &str) -> Vec<Arc<Document>> {
    const JSON: &str = "application/json";
    let script = Document::hashed("portal", "js", "text/javascript; charset=utf-8", SCRIPT);
    let style = Document::hashed("portal", "css", "text/css; charset=utf-8", STYLE);
    let icon = Document::hashed("icon", "svg", "image/svg+xml", ICON);
    let page = page::Page {
        public_url: public_url.to_owned(),
        script: script.path.clone(),
        style: style.path.clone(),
        icon: icon.path.clone(),
    };
    let page = Document::new("/docs", "text/html; charset=utf-8", Caching::Revalidated, move || page.html());
    let download = |name: &str, text: &'static str| {
        Document::new(format!("/docs/{name}"), JSON, Caching::Revalidated, || text.to_owned())
    };
    let collection = download("dna-api.postman_collection.json", COLLECTION);
    let environment = download("template.postman_environment.json", ENVIRONMENT);
    let yaml = Document::new("/openapi.yaml", "application/yaml", Caching::Revalidated, || OPENAPI.to_owned());
    let json = Document::new("/openapi.json", JSON, Caching::Revalidated, as_json);
    let mut all = vec![page, script, style];
    all.extend(console::documents(base(public_url), &icon.path));
    all.extend([icon, collection, environment, yaml, json]);
    let clients = samples::CLIENTS.iter().map(|client| {
        let path = format!("/docs/{}", client.file);
        Document::new(path, "text/plain; charset=utf-8", Caching::Revalidated, || client.text.to_owned())
    });
    all.extend(clients);
    all.into_iter().map(Arc::new).collect()
}

/// The description as JSON, which more programs read.
fn as_json() -> String {
    let description: Result<serde_json::Value, _> = serde_saphyr::from_str(OPENAPI);
    // The tests read it: it is YAML.
    description.map(|description| description.to_string()).unwrap_or_default()
}

/// The path of the server's URL: a server behind a path of another one's has that path before its own.
fn base(public_url: &str) -> &str {
    let host = public_url.split_once("://").map_or("", |(_, rest)| rest);
    host.find('/').map_or("", |slash| &host[slash..])
}

/// A template with its parts in place.
fn filled(template: &str, parts: &[(&str, String)]) -> String {
    parts.iter().fold(template.to_owned(), |page, (name, part)| page.replace(name, part))
}

/// A content's checksum, in hexadecimal.
fn hash(content: &[u8]) -> String {
    use std::fmt::Write as _;
    checksum(&[content]).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn pack(text: String) -> Packed {
    let etag = format!("\"{}\"", hash(text.as_bytes()));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail.
    let gzip = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).unwrap_or_default();
    Packed { plain: text.into_bytes(), gzip, etag }
}

fn unpack(gzip: &'static [u8]) -> Packed {
    let mut plain = Vec::new();
    // The tests read it: it is whole.
    let _ = GzDecoder::new(gzip).read_to_end(&mut plain);
    Packed { plain, gzip: gzip.to_vec(), etag: format!("\"{}\"", hash(gzip)) }
}
