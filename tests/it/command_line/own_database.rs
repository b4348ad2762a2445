use crate::support::{
    Reply, database,
    program::{Folder, Server, failure, run, run_json},
};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[tokio::test]
async fn an_empty_database_is_migrated_by_command_and_only_once() {
    let folder = Folder::new();
    let url = database::empty_url().await;
    let settings = [("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", KEY)];

    let (code, line) = failure(&run(&folder, &settings, &["partner", "list"]));
    assert!(code == 1 && line.contains("dna-api migrate"), "{line}");
    let (code, line) = failure(&run(&folder, &[settings[0], settings[1], ("DNA_MIGRATE", "off")], &["serve"]));
    assert!(code == 1 && line.contains("dna-api migrate"), "{line}");

    assert_eq!(run_json(&folder, &settings, &["migrate"])["applied"][0], "0001 documented api");
    assert_eq!(run_json(&folder, &settings, &["migrate"])["applied"], serde_json::json!([]));
    assert_eq!(run_json(&folder, &settings, &["partner", "list"]), serde_json::json!([]), "no demo partner here");
    assert!(!folder.data().exists(), "nothing is written to the data folder");
}

#[tokio::test]
async fn that_a_table_is_there_already_is_no_news_in_the_log_of_a_first_start() {
    let folder = Folder::new();
    let url = database::empty_url().await;
    let server = Server::start(&folder, &[("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", KEY)]);
    let log = server.said();
    assert!(log.contains("0001 documented api") && !log.contains("skipping"), "{log}");
}

#[tokio::test]
async fn two_servers_that_start_at_once_share_one_signing_key() {
    let folder = Folder::new();
    let url = database::empty_url().await;
    let settings = [("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", KEY), ("DNA_SIGNING_KEY_BITS", "2048")];

    let servers = std::thread::scope(|scope| {
        let starts = [(); 2].map(|()| scope.spawn(|| Server::start(&folder, &settings)));
        starts.map(|start| start.join().expect("a server"))
    });

    let account = run_json(&folder, &settings, &["partner", "add", "Acme"]);
    let member = |name: &str| account[name].as_str().expect(name).to_owned();
    let form: Vec<_> = ["client_id", "client_secret", "username", "password"].map(|name| (name, member(name))).into();
    let token = servers[0].post("/api/oauth/token").query(&[("grant_type", "password")]).form(&form);
    let token = Reply::of(token).await.json["access_token"].as_str().expect("a token").to_owned();
    let elsewhere = Reply::of(servers[1].post("/api/residential/client/1/activate").bearer_auth(&token)).await;
    assert_eq!((elsewhere.status, elsewhere.error()), (404, "not_found"), "the token holds at the other server");
}

#[tokio::test]
async fn another_master_key_is_refused_in_a_line_that_says_so() {
    let folder = Folder::new();
    let url = database::empty_url().await;
    let start = [("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", KEY)];
    assert!(Server::start(&folder, &start).stop());

    let settings = [("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", OTHER_KEY)];
    let (code, line) = failure(&run(&folder, &settings, &["serve"]));
    assert!(code == 1 && line.contains("DNA_MASTER_KEY"), "{line}");

    let check = run(&folder, &settings, &["check"]);
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    assert_eq!(check.status.code(), Some(1));
    assert!(said.contains("FAILED keys"), "{said}");
    assert!(run(&folder, &start, &["check"]).status.success());
}

#[test]
fn a_database_that_is_not_there_is_told_without_its_password() {
    let folder = Folder::new();
    let settings = [("DATABASE_URL", "postgres://dna:hunter2secret@127.0.0.1:1/dna"), ("DNA_MASTER_KEY", KEY)];
    for command in ["serve", "migrate", "partner"] {
        let arguments = if command == "partner" { vec!["partner", "list"] } else { vec![command] };
        let (code, line) = failure(&run(&folder, &settings, &arguments));
        assert_eq!(code, 1);
        assert!(line.contains("DATABASE_URL") && !line.contains("hunter2secret"), "{line}");
    }
}
