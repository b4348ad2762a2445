//! `dna-api migrate`

use anyhow::Result;

use super::output;
use crate::installation::Installation;

pub(super) async fn run(installation: &Installation, json: bool) -> Result<()> {
    let applied = installation.migrate().await?;
    if installation.is_embedded() {
        installation.set_up().await?;
    }
    if json {
        return output::print(&serde_json::json!({ "applied": applied }), true);
    }
    let mut lines: Vec<String> = applied.iter().map(|migration| format!("applied {migration}")).collect();
    if lines.is_empty() {
        lines.push("nothing to apply: the schema is current".to_owned());
    }
    output::write(&lines)
}
