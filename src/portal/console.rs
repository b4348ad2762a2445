//! The console: Swagger UI, carried in the program, on the API's own description.

use super::{Caching, Document, Reach, filled, highlight::escape};

const TEMPLATE: &str = include_str!("assets/console.html");
const SCRIPT: &str = include_str!("assets/console.js");
const STYLE: &str = include_str!("assets/console.css");

// As released, but compressed: vendor/swagger-ui/README.md says where they are from.
const VENDORED_SCRIPT: &[u8] = include_bytes!("../../vendor/swagger-ui/swagger-ui-bundle.js.gz");
const VENDORED_STYLE: &[u8] = include_bytes!("../../vendor/swagger-ui/swagger-ui.css.gz");
const LICENCE: &str = include_str!("../../vendor/swagger-ui/LICENSE.txt");

/// The console and what it loads, on a server whose paths have `base` before them.
pub fn documents(base: &str, icon: &str) -> Vec<Document> {
    const JS: &str = "text/javascript; charset=utf-8";
    const CSS: &str = "text/css; charset=utf-8";
    let files = [
        ("{{vendored_script}}", Document::unpacked("swagger-ui", "js", JS, VENDORED_SCRIPT)),
        ("{{vendored_style}}", Document::unpacked("swagger-ui", "css", CSS, VENDORED_STYLE)),
        ("{{script}}", Document::hashed("console", "js", JS, SCRIPT)),
        ("{{style}}", Document::hashed("console", "css", CSS, STYLE)),
        ("{{licence}}", Document::hashed("swagger-ui-licence", "txt", "text/plain; charset=utf-8", LICENCE)),
    ];
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let mut parts = vec![("{{base}}", escape(base)), ("{{icon}}", icon.to_owned()), ("{{version}}", version)];
    parts.extend(files.iter().map(|(name, file)| (*name, file.path.clone())));
    let html = filled(TEMPLATE, &parts);
    let page = Document::new("/docs/console", "text/html; charset=utf-8", Caching::Revalidated, move || html.clone());
    let page = Document { reach: Reach::Api, ..page };
    std::iter::once(page).chain(files.into_iter().map(|(_, file)| file)).collect()
}
