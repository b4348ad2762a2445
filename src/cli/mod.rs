//! The command line: one file per noun.

mod audit;
mod check;
mod client;
mod deep_check;
mod import;
mod keys;
mod migrate;
mod oauth_client;
mod output;
mod partner;
mod reload;
mod serve;
mod user;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand, error::ErrorKind};

use crate::{
    domain::text,
    installation::Installation,
    operator::Operator,
    postgres::Join,
    server,
    settings::{self, Settings, Vars},
    telemetry,
};

/// The DNA API: a telephone carrier's partner API.
#[derive(Parser)]
#[command(name = "dna-api", version, after_help = settings::help())]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Migrate the database, then serve (the default)
    Serve,
    /// Apply the migrations that are pending, and say which
    Migrate(Output),
    /// Prove the settings, the database, the schema's version and the keys, a line each; with --deep, all data
    Check(check::Check),
    /// Partners: the tenants that own OAuth clients, users and clients
    Partner(Noun<partner::Action>),
    /// Clients of all partners: find, see and mend them
    Client(Noun<client::Action>),
    /// OAuth clients: the programs that ask for tokens
    OauthClient(Noun<oauth_client::Action>),
    /// Create the clients of a file
    Import(import::Arguments),
    /// Users: whose username and password are sent
    User(Noun<user::Action>),
    /// Read the audit log: tokens issued and refused, revocations, operators' commands
    Audit(audit::Audit),
    /// Signing keys: what access tokens are signed and verified with
    Keys(Noun<keys::Action>),
}

/// What can be done to something, and how the outcome is printed.
#[derive(Args)]
struct Noun<Action: Subcommand> {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
struct Output {
    /// One JSON object or array on standard output
    #[arg(long, global = true)]
    json: bool,
}

/// Runs the command line of this process. 0: done; 1: failed, with one line on standard error; 2: wrong usage.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match start(cli.command.unwrap_or(Command::Serve)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("dna-api: {}", text::chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// What was asked for with `--help` or `--version`; or one line that says what is wrong with the usage.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return if error.print().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if matches!(error.kind(), ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand) {
        eprintln!("dna-api: this command needs more: add --help to see what");
        return ExitCode::from(2);
    }
    let told = error.render().to_string();
    let lines =
        told.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("For more information"));
    let line = lines.collect::<Vec<_>>().join(" ");
    eprintln!("dna-api: {}; add --help to see more", line.strip_prefix("error: ").unwrap_or(&line));
    ExitCode::from(2)
}

fn start(command: Command) -> Result<ExitCode> {
    let settings = Settings::read(&Vars::from_process()?)?;
    // A command's own output is what an operator wants to see: of the log, what is wrong.
    let log = if matches!(command, Command::Serve) { settings.log.as_str() } else { "warn" };
    telemetry::init(log, settings.log_format);
    let done = server::runtime().context("cannot start threads")?.block_on(dispatch(command, settings));
    telemetry::at_end();
    done
}

async fn dispatch(command: Command, settings: Settings) -> Result<ExitCode> {
    match command {
        Command::Serve => serve::run(settings).await?,
        Command::Migrate(output) => {
            opened(settings, Join::Share, async |installation| migrate::run(installation, output.json).await).await?;
        }
        Command::Check(check) => return check::run(settings, check).await,
        Command::Partner(Noun { action: partner::Action::Purge { name }, output }) => {
            opened(settings, Join::Share, async |i| partner::purge(i, &name, output.json).await).await?;
        }
        Command::Client(Noun { action: client::Action::Erase(erase), output }) => {
            opened(settings, Join::Share, async |i| client::erase(i, erase, output.json).await).await?;
        }
        Command::Client(Noun { action, output }) => {
            for_command(settings, async |operator| client::run(operator, action, output.json).await).await?;
        }
        Command::Partner(Noun { action, output }) => {
            for_command(settings, async |operator| partner::run(operator, action, output.json).await).await?;
        }
        Command::OauthClient(Noun { action, output }) => {
            for_command(settings, async |operator| oauth_client::run(operator, action, output.json).await).await?;
        }
        Command::Audit(audit::Audit { action: None, filter, output }) => {
            for_command(settings, async |operator| audit::read(operator, filter, output.json).await).await?;
        }
        Command::Audit(audit::Audit { action: Some(action), output, .. }) => {
            opened(settings, Join::Share, async |i| audit::change(i, action, output.json).await).await?;
        }
        Command::Import(arguments) => {
            return opened(settings, Join::Share, async |installation| {
                installation.prepare_for_command().await?;
                let operator = Operator::new(installation.db.clone());
                import::run(&operator, &installation.settings.ns_domain_suffix, arguments).await
            })
            .await;
        }
        Command::User(Noun { action, output }) => {
            for_command(settings, async |operator| user::run(operator, action, output.json).await).await?;
        }
        Command::Keys(Noun { action, output }) => {
            opened(settings, Join::Share, async |installation| {
                installation.prepare_for_command().await?;
                keys::run(installation, &Operator::new(installation.db.clone()), action, output.json).await
            })
            .await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens the installation for some work, and closes it whatever comes of that.
async fn opened<T>(settings: Settings, join: Join, work: impl AsyncFnOnce(&Installation) -> Result<T>) -> Result<T> {
    let installation = Installation::open(settings, join).await?;
    let done = work(&installation).await;
    installation.close().await?;
    done
}

/// Opens the installation for an operator's command.
async fn for_command(settings: Settings, work: impl AsyncFnOnce(&Operator) -> Result<()>) -> Result<()> {
    opened(settings, Join::Share, async |installation| {
        installation.prepare_for_command().await?;
        work(&Operator::new(installation.db.clone())).await
    })
    .await
}
