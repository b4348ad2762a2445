//! Several servers on one database: what one revokes, each refuses within a second.

use std::time::{Duration, Instant};

use dna_api::{
    postgres::{Cluster, Durability, Join, ROLE},
    store,
};

use super::{SECOND, assert_done, revoke, time_until_refused};
use crate::{
    embedded_postgres::folder,
    support::{App, Caller, Partner, Reply},
};

/// Two servers, and a partner whose program has logged in this often.
struct Stage {
    app: App,
    second: App,
    partner: Partner,
}

impl Stage {
    async fn new(app: App) -> Self {
        let second = app.second().await;
        let partner = app.partner("Acme").await;
        Self { app, second, partner }
    }

    /// Logs in at one server and revokes there. How long the other one goes on taking the token.
    async fn delay(&self) -> Duration {
        let caller = self.partner.log_in(&self.app).await;
        crate::bearer::assert_taken(&crate::bearer::present(&self.second, &caller.token).await);
        let start = Instant::now();
        assert_done(&revoke(&self.app, &self.partner, &caller.refresh_token).await);
        time_until_refused(&self.second, &caller.token).await;
        start.elapsed()
    }

    async fn assert_fifty_times_within_a_second(&self) {
        let mut late = Vec::new();
        for _ in 0..50 {
            // A busy machine may spoil a few of all; those are done again.
            let mut delay = self.delay().await;
            while delay >= SECOND {
                late.push(delay);
                assert!(late.len() <= 3, "{late:?}");
                delay = self.delay().await;
            }
        }
    }
}

#[tokio::test]
async fn what_one_revokes_the_other_refuses_within_a_second_fifty_times() {
    Stage::new(App::start().await).await.assert_fifty_times_within_a_second().await;
}

/// A Postgres of this test's own, which may be restarted.
struct Database {
    folder: tempfile::TempDir,
    cluster: Option<Cluster>,
}

impl Database {
    async fn start() -> Self {
        let mut database = Self { folder: folder(), cluster: None };
        database.go_on().await;
        let options = database.cluster.as_ref().expect("a cluster").options(ROLE);
        store::schema::migrate(&options).await.expect("migrations");
        crate::support::database::add_signing_key(&options).await;
        database
    }

    async fn go_on(&mut self) {
        let data = self.folder.path().join("data");
        let start = move || Cluster::start(&data, None, Durability::Durable, Join::Own);
        self.cluster = Some(tokio::task::spawn_blocking(start).await.expect("a thread").expect("a start"));
    }

    async fn stop(&mut self) {
        let cluster = self.cluster.take();
        tokio::task::spawn_blocking(move || drop(cluster)).await.expect("a thread");
    }
}

#[tokio::test]
async fn and_so_it_does_after_the_database_was_restarted_in_between() {
    let mut database = Database::start().await;
    let options = database.cluster.as_ref().expect("a cluster").options(ROLE);
    let stage = Stage::new(App::start_on(options).await).await;
    let (before, good) = (stage.partner.log_in(&stage.app).await, stage.partner.log_in(&stage.app).await);
    assert_done(&revoke(&stage.app, &stage.partner, &before.refresh_token).await);
    time_until_refused(&stage.second, &before.token).await;

    database.stop().await;
    // What was known stays in force while the database is away.
    for server in [&stage.app, &stage.second] {
        assert_eq!(crate::bearer::present(server, &before.token).await.status, 401);
        assert_eq!(create_is_taken(server, &good).await, Some(503));
    }
    database.go_on().await;

    let start = Instant::now();
    let last = crate::support::until("a login works again", async || login_works(&stage).await).await;
    assert!(last < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(crate::bearer::present(&stage.second, &before.token).await.status, 401, "not forgotten");
    stage.assert_fifty_times_within_a_second().await;
}

async fn login_works(stage: &Stage) -> bool {
    let request = stage.app.post("/api/oauth/token").form(&stage.partner.password_grant());
    Reply::read(request).await.status == 200
}

/// The status of a request that needs the database, with a token that is good.
async fn create_is_taken(server: &App, caller: &Caller) -> Option<u16> {
    let reply = caller.creation(server).form(&crate::support::steve_harris()).send().await;
    reply.ok().map(|reply| reply.status().as_u16())
}
