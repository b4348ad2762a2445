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
use serde_json::json;
use tokio::sync::mpsc;

use super::{Output, output, partner::find_partner};
use crate::{
    bulk::{
        import::Import,
        line::{Line, Summary},
    },
    domain::{event::Origin, import::Format},
    metrics::Counts,
    operator::{Operator, Target},
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
pub(super) async fn run(operator: &Operator, suffix: &str, arguments: Arguments) -> Result<ExitCode> {
    let mut look = operator.look().await?;
    let partner = find_partner(&mut look, &arguments.partner).await?;
    look.commit().await?; // before standard input is read, which may take long
    let is_csv = arguments.file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let format = arguments.format.unwrap_or(if is_csv { Format::Csv } else { Format::Ndjson });
    let file = open(&arguments.file)?;
    let target = Target { name: &arguments.partner, partner: Some(partner), ..Target::default() };
    let (dry_run, all_or_nothing) = (arguments.dry_run, arguments.all_or_nothing);
    let asked = [("dry_run", json!(dry_run)), ("all_or_nothing", json!(all_or_nothing))];
    let work = operator.work("import", target, &asked).await?;
    let origin = Origin { partner, author: work.author(), request_id: None, reason: None };
    let retries = Counts::default();
    let db = work.db();
    let import = Import { db: &db, pulse: None, retries: &retries, origin, suffix, dry_run, all_or_nothing };
    let (sum, told) = carry_out(&import, format, file).await?;
    drop(db); // before the entry: it may keep the only connection
    let outcome = [
        ("dry_run", json!(dry_run)),
        ("rows", json!(sum.rows)),
        ("created", json!(sum.created)),
        ("existing", json!(sum.existing)),
        ("failed", json!(sum.failed)),
        ("error", json!(sum.error)),
    ];
    work.end(&outcome).await?;
    told?;
    output::print(&sum, arguments.output.json)?;
    Ok(if sum.result == "OK" { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The summary, and whether the rows that failed could be told.
async fn carry_out(import: &Import<'_>, format: Format, file: File) -> Result<(Summary, Result<()>)> {
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
    Ok((sum, spoken))
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
