//! A server with a partner, thirty-two users and some clients; what it is asked, and what that is compared with.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use uuid::Uuid;

use crate::{
    callers::{self, Callers, Load, Numbers, once},
    cluster::Cluster,
    requests::{Account, Change, Create, Draw, Login, Nothing, Read, Refresh, client, letters, login, member, post},
    server::Server,
    setup::Setup,
    signer::Signer,
    statements::{self, Script, Statement, Types, script},
    usage,
};

/// Callers at once, where nothing else is said; each is a user of their own.
pub const CALLERS: usize = 32;

pub struct World {
    pub server: Server,
    pub cluster: Cluster,
    pub accounts: Vec<Account>,
    pub token: Arc<str>,
    pub ids: Arc<[u64]>,
    numbers: Numbers,
    types: Types,
    partner: Uuid,
}

/// A load, and the CPU seconds that each reply took of the server and of Postgres.
pub struct Measured {
    pub load: Load,
    pub server: f64,
    pub postgres: f64,
}

impl World {
    pub fn new(setup: &Setup, queries: &Path, clients: usize) -> Result<Self> {
        let cluster = Cluster::start(&[], setup.cores.clone())?;
        let server = Server::start(setup, &cluster)?;
        let first = Account::of(&server.operate(&["partner", "add", "Load"])?)?;
        let mut accounts = vec![first.clone()];
        for n in 1..CALLERS {
            let name = format!("load-{n}");
            let user = server.operate(&["user", "add", "--partner", "Load", "--username", &name])?;
            let password = user["password"].as_str().context("no password")?.to_owned();
            accounts.push(Account { username: name, password, ..first.clone() });
        }
        let token = member(&once(&server.address(), &login(&first))?, "access_token")?;
        let partner = cluster.sql("dna", "select id from partners where name = 'Load'")?.parse()?;
        let mut world = Self {
            server,
            cluster,
            accounts,
            token: token.into(),
            ids: Arc::from([]),
            numbers: Numbers::default(),
            types: Types::read(queries)?,
            partner,
        };
        while world.ids.len() < clients {
            callers::closed(&world.server.address(), &mut world.creators(CALLERS), Duration::from_millis(500))?;
            let ids = world.cluster.sql("dna", "select id from clients order by id")?;
            world.ids = ids.lines().map(str::parse).collect::<Result<Vec<_>, _>>()?.into();
        }
        world.cluster.sql("dna", "vacuum analyze")?;
        Ok(world)
    }

    pub fn creators(&self, many: usize) -> Callers {
        let one = |_| Box::new(Create { token: Arc::clone(&self.token), numbers: self.numbers.clone() }) as _;
        (0..many).map(one).collect()
    }

    pub fn changers(&self, many: usize) -> Callers {
        let one = |n| {
            let (token, ids) = (Arc::clone(&self.token), Arc::clone(&self.ids));
            Box::new(Change { token, ids, draw: Draw::of_caller(n), active: None }) as _
        };
        (0..many).map(one).collect()
    }

    pub fn readers(&self, many: usize) -> Callers {
        let one = |n| {
            Box::new(Read { token: Arc::clone(&self.token), ids: Arc::clone(&self.ids), draw: Draw::of_caller(n) }) as _
        };
        (0..many).map(one).collect()
    }

    pub fn logins(&self, many: usize) -> Callers {
        self.accounts.iter().cycle().take(many).map(|account| Box::new(Login(account.clone())) as _).collect()
    }

    pub fn refreshers(&self, many: usize) -> Result<Callers> {
        let address = self.server.address();
        let one = |account| Ok(Box::new(Refresh::after_login(&address, account)?) as _);
        self.accounts.iter().cycle().take(many).map(one).collect()
    }

    /// Callers who each use one token for ever.
    pub fn warm(&self, many: usize) -> Callers {
        let one = |_| Box::new(Nothing { tokens: vec![Arc::clone(&self.token)], use_up: false }) as _;
        (0..many).map(one).collect()
    }

    /// Callers who use each of so many tokens once.
    pub fn fresh(&self, many: usize, each: usize) -> Result<Callers> {
        let tokens = Signer::of(&self.cluster, &self.token)?.tokens(many * each)?;
        Ok(tokens.chunks(each).map(|tokens| Box::new(Nothing { tokens: tokens.to_vec(), use_up: true }) as _).collect())
    }

    /// Has callers call.
    pub fn measure(&self, callers: &mut Callers, time: Duration) -> Result<Measured> {
        let used = || anyhow::Ok((usage::cpu(self.server.pid())?, usage::cpu_of_family(self.cluster.postmaster)?));
        let before = used()?;
        let load = callers::closed(&self.server.address(), callers, time)?;
        let after = used()?;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let each = |used: Duration| used.as_secs_f64() / load.replies as f64;
        Ok(Measured {
            server: each(after.0.saturating_sub(before.0)),
            postgres: each(after.1.saturating_sub(before.1)),
            load,
        })
    }

    /// What creates a client, as a script.
    pub fn create_script(&self) -> Result<Script> {
        let number = self.numbers.next();
        let request = post("/api/residential/client", Some(&self.token), &client(number));
        let sent = statements::of(&self.cluster, || once(&self.server.address(), &request).map(drop))?;
        let slug = format!("steve{}", letters(number));
        let customer_id = format!("load-{number}");
        let varied = [(slug.as_str(), ":n"), (customer_id.as_str(), ":n")];
        script("\\set n random(1, 900000000000000)", &sent, &self.types, &varied)
    }

    /// What activates a client and suspends it, as a script.
    pub fn change_script(&self) -> Result<Script> {
        let id = self.ids[0];
        let path = |change: &str| format!("/api/residential/client/{id}/{change}");
        let request = |change: &str| post(&path(change), Some(&self.token), "");
        once(&self.server.address(), &request("suspend"))?;
        let sent = statements::of(&self.cluster, || {
            once(&self.server.address(), &request("activate"))?;
            once(&self.server.address(), &request("suspend")).map(drop)
        })?;
        script(&self.draw_id(), &sent, &self.types, &[(&id.to_string(), ":id")])
    }

    /// What reads a client, as a script.
    pub fn read_script(&self) -> Result<Script> {
        let id = self.ids[0];
        let request = format!(
            "GET /api/residential/client/{id} HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer {}\r\n\r\n",
            self.token
        );
        let sent = statements::of(&self.cluster, || once(&self.server.address(), request.as_bytes()).map(drop))?;
        script(&self.draw_id(), &sent, &self.types, &[(&format!("{{{id}}}"), "array[:id]")])
    }

    /// What a refresh does, as a script: each connection has a login of its own, whose tokens are numbers.
    pub fn refresh_script(&self) -> Result<Script> {
        let address = self.server.address();
        let before = Refresh::after_login(&address, &self.accounts[0])?;
        let sent = statements::of(&self.cluster, || once(&address, &before.request()).map(drop))?;
        let rotate = sent.iter().find(|sent| sent.sql.contains("successor_hash = $4")).context("no rotation")?;
        let (token, successor) = (bound(rotate, 1)?, bound(rotate, 3)?);
        let record = sent.iter().find(|sent| sent.sql.contains("insert into audit_log")).context("no record")?;
        let entry = bound(record, 1)?;
        let hash = |number: &str| format!("decode(lpad(to_hex(:login::bigint * 1000000 + {number}), 64, '0'), 'hex')");
        let (used, next) = (hash(":turn::bigint"), hash(":turn::bigint + 1"));
        let varied = [(token, &*used), (successor, &*next), (entry, "gen_random_uuid()")];
        let mut script = script("\\set turn :turn + 1\n\\set login :logins + :client_id", &sent, &self.types, &varied)?;
        // The logins that the script goes on from, new ones for each run.
        script.values.push(("logins".into(), "0".into()));
        Ok(script)
    }

    /// Logins for [`Self::refresh_script`], the first token of each not used yet.
    pub fn begin_logins(&self, script: &mut Script, many: usize) -> Result<()> {
        let logins = u64::try_from(self.numbers.next())? * 1000;
        for (name, value) in &mut script.values {
            if name == "logins" {
                *value = logins.to_string();
            }
        }
        let (partner, client) = (self.partner, &self.accounts[0].client_id);
        self.cluster.sql(
            "dna",
            &format!(
                "create temp table login as
                     select n, gen_random_uuid() as sid, (select id from users where partner_id = '{partner}' limit 1) as u
                     from generate_series(0, {many} - 1) n;
                 insert into token_families (partner_id, sid, oauth_client_id, user_id, ends_at)
                     select '{partner}', sid, '{client}', u, now() + interval '90 days' from login;
                 insert into refresh_tokens (partner_id, user_id, token_hash, sid, oauth_client_id, scope, expires_at)
                 select '{partner}', u, decode(lpad(to_hex(({logins} + n::bigint) * 1000000 + 1), 64, '0'), 'hex'), sid, '{client}',
                        'client:read', now() + interval '30 days' from login"
            ),
        )?;
        Ok(())
    }

    fn draw_id(&self) -> String {
        format!("\\set id random({}, {})", self.ids[0], self.ids[self.ids.len() - 1])
    }
}

fn bound(statement: &Statement, number: usize) -> Result<&str> {
    statement.parameters[number].as_deref().context("a parameter")
}
