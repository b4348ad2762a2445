//! What the statements say. The lists of `store/client_list.rs` are put together of pieces: that each walks an index of the
//! partner's is for `tests/it/client/plans.rs`.

use super::{Breach, GLOBAL, literals, unexplained};

const ADVISORY: &str = "advisory lock";
const SESSION: &str = "session";
const NOTIFY: &str = "listen or notify";
const NO_PARTNER: &str = "partner's table without partner_id";
const LOCKS_MANY: &str = "row lock beyond one partner";
const MOVES: &str = "another partner_id for a row";

/// Begin a statement of their own, in parentheses too.
const VERBS: [&str; 5] = ["select", "insert", "update", "delete", "with"];
/// What may stand behind a table where an alias could.
const NO_ALIAS: [&str; 22] = [
    "where",
    "set",
    "order",
    "group",
    "on",
    "using",
    "join",
    "left",
    "cross",
    "inner",
    "limit",
    "for",
    "values",
    "select",
    "default",
    "union",
    "returning",
    "having",
    "offset",
    "lateral",
    "in",
    "natural",
];

/// What is let be, and why.
const EXCEPTIONS: [(&str, &str, &str); 24] = [
    (ADVISORY, "hashtextextended('import '", IMPORT),
    (SESSION, "store/pool.rs: set statement_timeout = '5s'", POOL),
    (SESSION, "store/pool.rs: set client_connection_check_interval", POOL),
    (SESSION, "store/schema.rs: set statement_timeout = 0; set lock_timeout = '200ms'", MIGRATIONS),
    (SESSION, "store/schema.rs: set statement_timeout = 0; set lock_timeout = 0", MIGRATIONS),
    (SESSION, "store/schema.rs: set client_min_messages = warning", MIGRATIONS),
    (NO_PARTNER, "select sid from token_families where revoked_at >", REVOKED),
    (NO_PARTNER, "(select count(*) from audit_log where at < before)", OPERATORS),
    (NO_PARTNER, "with found as ( select 'audit_log' as name", OPERATORS),
    (NO_PARTNER, "select 'clients without their domain' as what", OPERATORS),
    (NO_PARTNER, "from audit_log where at < $1 order by at limit $2 for update", SWEEPS),
    (LOCKS_MANY, "from audit_log where at < $1 order by at limit $2 for update", SWEEPS),
    (NO_PARTNER, "from failed_attempts where expires_at < now()", SWEEPS),
    (LOCKS_MANY, "from failed_attempts where expires_at < now()", SWEEPS),
    (NO_PARTNER, "from refresh_tokens where expires_at <", SWEEPS),
    (LOCKS_MANY, "from refresh_tokens where expires_at <", SWEEPS),
    (NO_PARTNER, "from token_families f where ends_at <", SWEEPS),
    (LOCKS_MANY, "from token_families f where ends_at <", SWEEPS),
    (NO_PARTNER, "from idempotent_replies where created_at <", SWEEPS),
    (LOCKS_MANY, "from idempotent_replies where created_at <", SWEEPS),
    (NO_PARTNER, "from clients where erased_at is null and (refold or search is null)", SWEEPS),
    (LOCKS_MANY, "from clients where erased_at is null and (refold or search is null)", SWEEPS),
    (NO_PARTNER, "from client_counts_until u, horizon", SWEEPS),
    (LOCKS_MANY, "from client_counts_until u, horizon", SWEEPS),
];
const IMPORT: &str = "ends with its transaction, and has a fallback: without it Postgres ends the circle (40P01), and the \
                      import says that it is to be tried again";
const POOL: &str = "in a session of its own alone: where a pooler shares sessions, these are settings of the role";
const MIGRATIONS: &str = "migrations have a direct connection of their own";
const REVOKED: &str = "a server knows all partners' revocations; a reading of all nodes, each by its index";
const OPERATORS: &str = "an operator's reading of all partners";
const SWEEPS: &str = "removes or counts for all partners in the background, and no caller waits for it; Citus locks rows of one \
                      partner alone, so this goes partner by partner before the tables are distributed (docs/scaling.md)";

/// Words and signs of a statement in lower case, without comments, texts and quoted names.
fn tokens(sql: &str) -> Vec<String> {
    let (mut found, mut rest) = (Vec::<String>::new(), sql);
    while let Some(c) = rest.chars().next() {
        let end = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if c == '\'' || c == '"' {
            rest[1..].find(c).map_or(rest.len(), |end| end + 2)
        } else {
            let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
            if word > 0 || !c.is_whitespace() {
                found.push(rest[..word.max(c.len_utf8())].to_lowercase());
            }
            word.max(c.len_utf8())
        };
        rest = &rest[end..];
    }
    found
}

/// The statement and each one within it, without those that it has within itself in turn.
fn scopes(tokens: &[String]) -> Vec<Vec<&str>> {
    let (mut done, mut open) = (Vec::new(), vec![Vec::new()]);
    // Of each parenthesis that is open, whether a statement of its own is in it.
    let mut parentheses = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "(" => {
                let own = tokens.get(place + 1).is_some_and(|next| VERBS.contains(&next.as_str()));
                parentheses.push(own);
                open.last_mut().expect("a scope").push("(");
                if own {
                    open.push(Vec::new());
                }
            }
            ")" => {
                if parentheses.pop() == Some(true) {
                    done.extend(open.pop());
                }
                open.last_mut().expect("a scope").push(")");
            }
            "union" | ";" => {
                let scope = open.last_mut().expect("a scope");
                done.push(std::mem::take(scope));
            }
            token => open.last_mut().expect("a scope").push(token),
        }
    }
    done.extend(open);
    done
}

/// The words that choose rows: what stands behind `where`, `on` and `using`.
fn choosing<'s>(scope: &[&'s str]) -> Vec<&'s str> {
    let mut chooses = false;
    let kept = scope.iter().filter(|token| {
        match **token {
            "where" | "on" | "using" => chooses = true,
            "order" | "group" | "returning" | "limit" | "select" | "set" | "from" => chooses = false,
            _ => {}
        }
        chooses
    });
    kept.copied().collect()
}

/// Whether rows of a table are chosen by `name.partner_id`, or by a bare one where that can mean no other table.
fn chooses_partner(scope: &[&str], name: &str, alone: bool) -> bool {
    let words = choosing(scope);
    (0..words.len()).any(|place| {
        let qualified = place >= 2 && words[place - 1] == ".";
        words[place] == "partner_id" && if qualified { words[place - 2] == name } else { alone }
    })
}

/// Whether rows of one partner are chosen, and that is given.
fn is_one_partners(scope: &[&str]) -> bool {
    choosing(scope).windows(3).any(|words| words[0] == "partner_id" && words[1] == "=" && words[2].starts_with('$'))
}

/// Where a table is named in a statement, and what it is called there.
fn tables<'s>(scope: &[&'s str], partners: &[String]) -> Vec<(usize, &'s str)> {
    let is_table = |place: &usize| {
        partners.iter().any(|table| table == scope[*place])
            && scope.get(place + 1) != Some(&".")
            && (*place == 0 || scope[place - 1] != ".")
    };
    let called = |place: usize| {
        let next = place + 1 + usize::from(scope.get(place + 1) == Some(&"as"));
        let alias = scope.get(next).filter(|word| word.starts_with(char::is_alphabetic) && !NO_ALIAS.contains(word));
        (place, alias.copied().unwrap_or(scope[place]))
    };
    (0..scope.len()).filter(is_table).map(called).collect()
}

/// The rules that a statement breaks. `partners`: the distributed tables.
fn broken(sql: &str, partners: &[String]) -> Vec<&'static str> {
    let tokens = tokens(sql);
    let words = format!(" {} ", tokens.join(" "));
    let mut found = Vec::new();
    if words.contains("advisory") {
        found.push(ADVISORY);
    }
    if tokens.iter().any(|token| ["listen", "unlisten", "notify", "pg_notify"].contains(&token.as_str())) {
        found.push(NOTIFY);
    }
    let sets = words.trim_start().starts_with("set ") && !words.trim_start().starts_with("set local ")
        || words.split(';').any(|part| part.starts_with(" set ") && !part.starts_with(" set local "));
    let config = words.contains(" set_config ( ") && !words.contains(" , true ) ");
    let kept =
        [" create temp ", " create temporary ", " with hold ", " discard ", " reset ", " set session ", " prepare "];
    if sets || config || kept.iter().any(|kept| words.contains(kept)) {
        found.push(SESSION);
    }
    if words.contains(" set partner_id ") {
        found.push(MOVES);
    }
    for scope in scopes(&tokens) {
        let named = tables(&scope, partners);
        for (place, name) in &named {
            let inserted = *place > 0 && scope[place - 1] == "into";
            let is_chosen = if inserted {
                let columns = scope[*place..].split(|token| *token == ")").next().unwrap_or_default();
                columns.contains(&"partner_id")
            } else {
                chooses_partner(&scope, name, named.len() == 1)
            };
            if !is_chosen {
                found.push(NO_PARTNER);
            }
            let locks =
                scope.windows(2).any(|pair| pair[0] == "for" && ["update", "share", "no", "key"].contains(&pair[1]));
            let of_others = scope.windows(2).any(|pair| pair[0] == "of" && pair[1] != *name);
            if locks && !of_others && !is_one_partners(&scope) {
                found.push(LOCKS_MANY);
            }
        }
        if scope.first() == Some(&"lock") && !named.is_empty() {
            found.push(LOCKS_MANY);
        }
    }
    found.dedup();
    found
}

/// The tables of partners' data, by the migrations.
fn partners_tables() -> Vec<String> {
    let migrations = sqlx::migrate!();
    let made = migrations.iter().flat_map(|migration| {
        let tokens = tokens(migration.sql.as_str());
        let made = tokens.windows(3).filter(|words| words[0] == "create" && words[1] == "table").map(|w| w[2].clone());
        made.collect::<Vec<_>>()
    });
    made.filter(|table| GLOBAL.iter().all(|(global, _)| global != table)).collect()
}

#[test]
fn every_statement_can_be_carried_out_where_partners_are_distributed() {
    let partners = partners_tables();
    assert!(["clients", "client_events", "audit_log"].iter().all(|table| partners.contains(&(*table).to_owned())));
    let statements = literals::statements();
    let found = statements.iter().flat_map(|(file, sql)| {
        let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        broken(sql, &partners).into_iter().map(move |rule| Breach { rule, what: format!("{file}: {line}") })
    });
    let wrong = unexplained(&found.collect::<Vec<_>>(), &EXCEPTIONS);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_breach_of_the_statements_rules_is_found_and_its_twin_is_not() {
    let partners = ["clients", "client_events"].map(str::to_owned);
    for (rule, bad) in [
        (ADVISORY, "select pg_advisory_lock(1)"),
        (ADVISORY, "select pg_try_advisory_xact_lock($1)"),
        (NOTIFY, "listen changes"),
        (NOTIFY, "select pg_notify('changes', $1)"),
        (SESSION, "set statement_timeout = 0"),
        (SESSION, "begin; set lock_timeout = '2s'"),
        (SESSION, "select set_config('a.b', $1, false)"),
        (SESSION, "create temp table t (id int)"),
        (SESSION, "declare c cursor with hold for select 1"),
        (SESSION, "reset all"),
        (MOVES, "update clients set partner_id = $1 where partner_id = $2"),
        (NO_PARTNER, "select id from clients where id = $1"),
        (NO_PARTNER, "select partner_id from clients where id = $1"),
        (NO_PARTNER, "select partner_id from clients where id = $1 order by partner_id"),
        (NO_PARTNER, "update clients c set status = $2 where c.id = $1"),
        (NO_PARTNER, "delete from client_events"),
        (NO_PARTNER, "insert into client_events (client_id, id) values ($1, $2)"),
        (NO_PARTNER, "select 1 from client_events e join clients c on c.id = e.client_id where e.partner_id = $1"),
        (NO_PARTNER, "select 1 from client_events e, clients c where e.partner_id = $1 and c.id = e.client_id"),
        (NO_PARTNER, "with a as (select id from clients where id = $2) select 1 from clients where partner_id = $1"),
        (NO_PARTNER, "select 1 from clients where partner_id = $1 union all select 1 from client_events"),
        (LOCKS_MANY, "select 1 from clients c where c.partner_id = any($1) for update"),
        (LOCKS_MANY, "lock table clients in exclusive mode"),
    ] {
        assert!(broken(bad, &partners).contains(&rule), "not found: {rule}: {bad}");
    }
    for good in [
        "set local statement_timeout = 0",
        "begin; set local lock_timeout = '2s'",
        "select set_config('a.b', $1, true)",
        "select 'clients', 'pg_advisory_lock' -- listen",
        "select id from clients where partner_id = $1 and id = $2 for update",
        "select 1 from client_events e join clients c on c.partner_id = e.partner_id where e.partner_id = $1 for share of c",
        "insert into clients as c (partner_id, id) select $1, n from t on conflict do nothing",
        "select 1 from client_events e join clients c on c.partner_id = e.partner_id and c.id = e.client_id
         where e.partner_id = $1",
        "update clients c set status = held.status from held where c.partner_id = $1 and c.id = held.id",
        "select id from partners p where exists (select from clients c where c.partner_id = p.id)",
        "select id from signing_keys where kid = $1 for update",
    ] {
        assert_eq!(broken(good, &partners), [] as [&str; 0], "{good}");
    }
}
