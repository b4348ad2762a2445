//! `dna-api migrate`

use anyhow::Result;

use super::output;
use crate::installation::Installation;

pub(super) async fn run(installation: &Installation, json: bool) -> Result<()> {
    let applied = installation.migrate().await?;
    if json {
        output::print(&serde_json::json!({ "applied": applied }), true)?;
    } else if applied.is_empty() {
        println!("nothing to apply: the schema is current");
    } else {
        for migration in applied {
            println!("applied {migration}");
        }
    }
    Ok(())
}
