//! `dna-api migrate`

use anyhow::Result;

use super::output;
use crate::installation::Installation;

pub(super) async fn run(installation: &Installation, json: bool) -> Result<()> {
    let applied = installation.migrate().await?;
    if json {
        return output::print(&serde_json::json!({ "applied": applied }), true);
    }
    let lines: String = applied.iter().map(|migration| format!("applied {migration}\n")).collect();
    output::write(if applied.is_empty() { "nothing to apply: the schema is current\n" } else { &lines })
}
