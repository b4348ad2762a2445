//! `dna-api import`

use std::{
    fs::File,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::mpsc;

use super::{Output, output, partner::find_partner};
use crate::{
    bulk::{import::Import, line::Line},
    domain::{
        event::{Author, Origin},
        import::Format,
    },
    installation::Installation,
};

#[derive(Args)]
pub(super) struct Arguments {
    /// The file, or - for standard input: a JSON object a line, or CSV under a row of names
    file: PathBuf,
    /// The partner's name
    #[arg(long)]
    partner: String,
    /// What the file is written in: ndjson or csv [default: csv where its name ends in .csv, else ndjson]
    #[arg(long, value_parser = |word: &str| Format::parse(word).context("a format is ndjson or csv"))]
    format: Option<Format>,
    /// Write nothing; say what would come of it
    #[arg(long)]
    dry_run: bool,
    /// Write nothing if one row fails
    #[arg(long)]
    all_or_nothing: bool,
    #[command(flatten)]
    output: Output,
}

/// Prints the lines of rows that failed to standard error, and the summary to standard output. 1: a row failed.
pub(super) async fn run(installation: &Installation, arguments: Arguments) -> Result<ExitCode> {
    let partner = find_partner(installation, &arguments.partner).await?;
    let is_csv = arguments.file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let format = arguments.format.unwrap_or(if is_csv { Format::Csv } else { Format::Ndjson });
    let file = open(&arguments.file)?;
    let account = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten();
    let account = account.map_or_else(|| nix::unistd::geteuid().to_string(), |account| account.name);
    let import = Import {
        db: &installation.db,
        origin: Origin { partner, author: Author::Operator(&account), request_id: None, reason: None },
        suffix: &installation.settings.ns_domain_suffix,
        dry_run: arguments.dry_run,
        all_or_nothing: arguments.all_or_nothing,
    };
    let bar = ProgressBar::no_length(); // on a terminal alone
    bar.set_style(ProgressStyle::with_template("{spinner} {pos} rows, {per_sec}, {elapsed}")?);
    let (lines, mut told) = mpsc::channel(64);
    let work = async {
        let sum = import.run(format, file, &lines).await;
        drop(lines);
        sum
    };
    let speak = async {
        while let Some(line) = told.recv().await {
            bar.inc(1);
            if let Line::Row(row) = &line
                && row.result == "ERROR"
            {
                let text = serde_json::to_string(&line)?;
                bar.suspend(|| writeln!(io::stderr(), "{text}"))?;
            }
        }
        Ok::<_, anyhow::Error>(())
    };
    let (sum, spoken) = tokio::join!(work, speak);
    bar.finish_and_clear();
    spoken?;
    output::print(&sum, arguments.output.json)?;
    Ok(if sum.result == "OK" { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The file; standard input is kept in one without a name first, since an import reads it more than once.
fn open(path: &PathBuf) -> Result<File> {
    if path.as_os_str() != "-" {
        return File::open(path).with_context(|| format!("cannot open {}", path.display()));
    }
    let mut file = tempfile::tempfile().context("cannot keep standard input in a temporary file")?;
    io::copy(&mut io::stdin(), &mut file).context("cannot read standard input")?;
    Ok(file)
}
