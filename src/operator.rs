//! An operator at work: whatever a command changes is on record in the audit log, by the transaction that changes it.

use std::{env, ops};

use anyhow::{Context as _, Result};
use nix::unistd::{Uid, User};
use serde_json::{Map, Value};
use sqlx::{PgConnection, PgExecutor, PgPool, PgTransaction};

use crate::{
    domain::{
        audit::{Entry, Kind, Source},
        event::Author,
        oauth_client::OauthClientId,
        partner::PartnerId,
        text,
        user::UserId,
    },
    store::{self, db::Db},
};

/// Who runs a command.
#[derive(Clone, Debug)]
pub struct Account {
    /// The name of this process's account, or its number where it has none.
    name: String,
    uid: u32,
    /// Whom `sudo` says that it was run for: a variable, which anyone may set.
    sudo_user: Option<String>,
}

impl Account {
    /// The account of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        let uid = Uid::current();
        let named = User::from_uid(uid).ok().flatten().and_then(|user| text::line(&user.name, 64));
        let sudo_user = env::var("SUDO_USER").ok().and_then(|name| text::line(&name, 64));
        Self { name: named.unwrap_or_else(|| format!("uid {uid}")), uid: uid.as_raw(), sudo_user }
    }

    /// Its name, or its number where it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// What a command works with. It reads in transactions that cannot write, and changes something in a [`Change`] or, where
/// one transaction is not enough, by [`Work`]: there is no other way to the database, so no command forgets the audit log.
pub struct Operator {
    db: PgPool,
    account: Account,
}

impl Operator {
    /// The operator who runs this process, on this database.
    #[must_use]
    pub fn new(db: PgPool) -> Self {
        Self { db, account: Account::of_this_process() }
    }

    /// A look at the database as it is at one moment.
    ///
    /// # Errors
    /// One line, where the database cannot be asked.
    pub async fn look(&self) -> Result<PgTransaction<'static>> {
        Ok(self.db.begin_with("begin isolation level repeatable read, read only").await?)
    }

    /// Begins a change by the command of that name.
    ///
    /// # Errors
    /// One line, where the database cannot be asked.
    pub async fn change(&self, command: &'static str) -> Result<Change<'_>> {
        let transaction = self.db.begin().await?;
        Ok(Change { transaction, record: Record::new(&self.account, command) })
    }

    /// Begins work of many transactions by the command of that name. It is on record before the first of them, so that
    /// none goes unnoticed if this ends half-way.
    ///
    /// # Errors
    /// One line, where the database cannot be asked; then nothing was done.
    pub async fn work<'a>(
        &'a self,
        command: &'static str,
        target: Target<'a>,
        notes: &[(&str, Value)],
    ) -> Result<Work<'a>> {
        let work = Work { operator: self, command, target };
        work.write("begun", notes).await?;
        Ok(work)
    }
}

/// What takes many transactions: its beginning is on record before the first of them, and its end with what came of it.
pub struct Work<'a> {
    operator: &'a Operator,
    command: &'static str,
    target: Target<'a>,
}

impl Work<'_> {
    /// Where it is done.
    #[must_use]
    pub fn db(&self) -> Db {
        Db::borrowed(&self.operator.db)
    }

    /// Who does it.
    #[must_use]
    pub fn author(&self) -> Author<'_> {
        Author::Operator(self.operator.account.name())
    }

    /// Puts on record that it ended, and what came of it. Never a secret.
    ///
    /// # Errors
    /// One line, where the database cannot be asked; what was done stays.
    pub async fn end(self, outcome: &[(&str, Value)]) -> Result<()> {
        self.write("ended", outcome).await
    }

    async fn write(&self, stage: &str, notes: &[(&str, Value)]) -> Result<()> {
        let mut record = Record::new(&self.operator.account, self.command);
        record.note("stage", stage);
        for (name, value) in notes {
            record.note(name, value.clone());
        }
        record.write(&self.operator.db, self.target).await
    }
}

/// A transaction that is committed with its entry in the audit log, or not at all.
pub struct Change<'a> {
    transaction: PgTransaction<'static>,
    record: Record<'a>,
}

impl Change<'_> {
    /// Adds to what the entry tells. Never a secret.
    pub fn note(&mut self, name: &str, value: impl Into<Value>) {
        self.record.note(name, value);
    }

    /// Writes the entry and commits.
    ///
    /// # Errors
    /// One line, where the database cannot be asked; then nothing was changed.
    pub async fn commit(mut self, target: Target<'_>) -> Result<()> {
        self.record.write(&mut *self.transaction, target).await?;
        self.transaction.commit().await.context("nothing was changed: the database did not commit")
    }
}

impl ops::Deref for Change<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.transaction
    }
}

impl ops::DerefMut for Change<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}

/// What a command was run on.
#[derive(Clone, Copy, Default, Debug)]
pub struct Target<'a> {
    /// What the operator calls it; empty where there is nothing to name.
    pub name: &'a str,
    /// The partner that it concerns.
    pub partner: Option<PartnerId>,
    /// The OAuth client that it is.
    pub oauth_client: Option<OauthClientId>,
    /// The user that it is.
    pub user: Option<UserId>,
}

/// An entry for the audit log on a command, as it takes shape.
pub struct Record<'a> {
    account: &'a Account,
    detail: Map<String, Value>,
}

impl<'a> Record<'a> {
    /// An entry on the command of that name.
    #[must_use]
    pub fn new(account: &'a Account, command: &str) -> Self {
        let mut detail = Map::new();
        detail.insert("command".to_owned(), command.into());
        Self { account, detail }
    }

    /// Adds to what it tells. Never a secret.
    pub fn note(&mut self, name: &str, value: impl Into<Value>) {
        self.detail.insert(name.to_owned(), value.into());
    }

    /// Writes it.
    ///
    /// # Errors
    /// One line, where the database cannot be asked.
    pub async fn write(mut self, db: impl PgExecutor<'_>, target: Target<'_>) -> Result<()> {
        if !target.name.is_empty() {
            self.note("target", target.name);
        }
        self.note("uid", self.account.uid);
        if let Some(claimed) = &self.account.sudo_user {
            self.note("sudo_user_as_claimed", claimed.as_str());
        }
        let entry = Entry {
            kind: Kind::Operator,
            partner: target.partner,
            oauth_client: target.oauth_client,
            user: target.user,
            sid: None,
            source: Source::Operator { account: &self.account.name },
            detail: self.detail.into(),
        };
        store::audit::record(db, &entry).await.context("the audit log cannot be written")
    }
}
