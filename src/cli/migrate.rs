//! `dna-api migrate`

use anyhow::Result;

use super::output;
use crate::{installation::Installation, postgres::Join, settings::Settings};

pub(super) async fn run(settings: Settings, json: bool) -> Result<()> {
    let installation = Installation::open(settings, Join::Share).await?;
    let applied = installation.migrate().await?;
    if json {
        output::print(&serde_json::json!({ "applied": applied }), true)?;
    } else if applied.is_empty() {
        println!("nothing to apply: the schema is current");
    } else {
        applied.iter().for_each(|migration| println!("applied {migration}"));
    }
    installation.close().await
}
