//! The samples of the page, run as its reader would run them.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use dna_api::portal::samples::{CLIENTS, LANGUAGES, SAMPLES, SETUP, Sample};
use serde_json::json;

use crate::support::{App, CLIENT, Caller, Partner, Reply, steve_harris};

/// What a reader puts in place of the examples.
fn filled_in(code: &str, app: &App, partner: &Partner) -> String {
    let values = [
        ("https://api.example.com", &app.url),
        ("your-client-id", &partner.client_id),
        ("your-client-secret", &partner.client_secret),
        ("your-username", &partner.username),
        ("your-password", &partner.password),
    ];
    values.iter().fold(code.to_owned(), |code, (example, value)| code.replace(example, value))
}

/// The file of the common values and functions, what runs a sample, and its arguments.
fn tools(language: &str) -> (&'static str, &'static str, &'static str) {
    match language {
        "shell" => ("values.sh", "sh", "sample.sh"),
        "php" => ("dna.php", "php", "sample.php"),
        "python" => ("dna.py", "python3", "sample.py"),
        _ => ("dna.mjs", "node", "sample.mjs"),
    }
}

fn run(folder: &Path, language: usize, sample: &Sample, environment: &[(&str, String)]) -> Output {
    let (setup, program, file) = tools(LANGUAGES[language].1);
    // A reader of the shell samples types them into one shell.
    let before =
        if setup == "values.sh" { fs::read_to_string(folder.join(setup)).expect("the setup") } else { String::new() };
    fs::write(folder.join(file), before + sample.code[language]).expect("a file");
    let mut command = Command::new(program);
    command.arg(file).current_dir(folder).envs(environment.iter().cloned()).env("PYTHONDONTWRITEBYTECODE", "1");
    command.output().unwrap_or_else(|error| panic!("{program}: {error}"))
}

/// Runs every sample of a language, each on a client of its own.
async fn all_run(language: usize) {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let folder = tempfile::tempdir().expect("a folder");
    let setup = filled_in(SETUP.code[language], &app, &partner);
    fs::write(folder.path().join(tools(LANGUAGES[language].1).0), setup).expect("a file");

    for sample in &SAMPLES {
        let caller = partner.log_in(&app).await;
        let environment = values(&app, &caller).await;
        let (path, name) = (folder.path().to_owned(), sample.name);
        let run = tokio::task::spawn_blocking(move || run(&path, language, sample, &environment));
        let output = run.await.expect("a run");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = said + &String::from_utf8_lossy(&output.stderr);
        let refused = said.contains("\"error\":");
        assert!(output.status.success(), "{name} in {}: {said}", LANGUAGES[language].0);
        assert!(!said.trim().is_empty(), "{name} says nothing");
        assert_eq!(refused, sample.refused, "{name} in {}: {said}", LANGUAGES[language].0);
    }
}

/// What the samples read from the environment.
async fn values(app: &App, caller: &Caller) -> Vec<(&'static str, String)> {
    let created = Reply::of(caller.post(app, CLIENT).form(&steve_harris())).await;
    let client = &created.json["client"];
    assert_eq!(created.json["result"], json!("OK"), "{}", created.text);
    vec![
        ("TOKEN", caller.token.clone()),
        ("REFRESH_TOKEN", caller.refresh_token.clone()),
        ("ID", client["id"].to_string()),
        ("NS_DOMAIN", client["ns_domain"].as_str().expect("a name").to_owned()),
    ]
}

#[tokio::test]
#[ignore = "needs curl"]
async fn the_shell_samples_run() {
    all_run(0).await;
}

#[tokio::test]
#[ignore = "needs PHP with curl"]
async fn the_php_samples_run() {
    all_run(1).await;
}

#[tokio::test]
#[ignore = "needs Python"]
async fn the_python_samples_run() {
    all_run(2).await;
}

#[tokio::test]
#[ignore = "needs Node.js"]
async fn the_javascript_samples_run() {
    all_run(3).await;
}

#[test]
fn every_file_of_the_samples_is_shown_and_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/samples");
    for (_, folder) in LANGUAGES {
        let files = fs::read_dir(root.join(folder)).expect("a folder").count();
        // Those of SAMPLES, what they stand on, and a whole client where the language has one.
        let clients = CLIENTS.iter().filter(|client| client.language == folder).count();
        assert_eq!(files, SAMPLES.len() + 1 + clients, "{folder}");
    }
}
