//! An operator's commands on the database of a server of this process.

use std::{fs::File, io::Write as _, process::Output};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;

use super::{
    App, Partner,
    database::{self, MASTER_KEY},
    program::{Folder, failure, program, run, run_json},
};

/// Runs commands as the role that owns the database.
pub struct Operator {
    folder: Folder,
    url: String,
    key: String,
}

impl Operator {
    /// Of that server's database.
    pub async fn of(app: &App) -> Self {
        let name: String = sqlx::query_scalar("select current_database()").fetch_one(&app.db).await.expect("a name");
        let url = database::url_as("dna", &name).await;
        Self { folder: Folder::new(), url, key: BASE64_STANDARD.encode(MASTER_KEY) }
    }

    fn settings(&self) -> [(&str, &str); 2] {
        [("DATABASE_URL", &self.url), ("DNA_MASTER_KEY", &self.key)]
    }

    /// What a command that succeeds prints.
    pub fn does(&self, arguments: &[&str]) -> Value {
        run_json(&self.folder, &self.settings(), arguments)
    }

    /// The one line of a command that fails.
    pub fn fails(&self, arguments: &[&str]) -> String {
        let (code, line) = failure(&run(&self.folder, &self.settings(), arguments));
        assert_eq!(code, 1, "{line}");
        line
    }

    /// A command on a terminal, at which somebody types that.
    pub fn on_a_terminal(&self, arguments: &[&str], typed: &str) -> Output {
        let terminal = nix::pty::openpty(None, None).expect("a pseudo-terminal");
        let mut keyboard = File::from(terminal.master);
        keyboard.write_all(typed.as_bytes()).expect("what is typed");
        let mut command = program(&self.folder, &self.settings(), arguments);
        command.stdin(terminal.slave).output().expect("the program")
    }

    /// Whether a command is refused as wrong usage.
    pub fn misuses(&self, arguments: &[&str]) -> bool {
        run(&self.folder, &self.settings(), arguments).status.code() == Some(2)
    }

    /// Adds a partner, perhaps with `--test`.
    pub fn adds_partner(&self, app: &App, arguments: &[&str]) -> Partner {
        let account = self.does(&[&["partner", "add"], arguments].concat());
        let member = |name: &str| account[name].as_str().expect(name).to_owned();
        let partner = Partner {
            name: member("partner"),
            client_id: member("client_id"),
            client_secret: member("client_secret"),
            username: member("username"),
            password: member("password"),
        };
        app.keep_secret(&partner.client_secret);
        app.keep_secret(&partner.password);
        partner
    }
}
