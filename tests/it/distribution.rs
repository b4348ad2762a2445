//! What a Postgres that is distributed by partner (Citus, hash by `partner_id`) forbids, held against the schema and every
//! statement. What breaks a rule and is let be is named with its reason, and has to go from the list once it does not.

mod isolation;
mod literals;
mod schema;
mod statements;

/// The tables that are not distributed: there are few rows, or they are unique among all partners. Citus copies them to
/// every node (reference tables), so everything joins with them, and a change of theirs is one of all nodes.
const GLOBAL: [(&str, &str); 8] = [
    ("_sqlx_migrations", "the migrations' own, one row each"),
    ("event_eras", "the era that positions of all partners' events begin with, one row a cluster"),
    ("ns_domain_counters", "a name counts its namesakes among all partners"),
    ("ns_domains", "a name is unique among all partners"),
    ("oauth_clients", "whose a client_id is, is not known before it was found; few rows, written by operators"),
    ("partners", "the tenants themselves; few rows, written by operators"),
    ("signing_keys", "one key signs for all partners"),
    ("users", "a username is unique among all partners; few rows, written by operators and by logins"),
];

/// Something that a rule forbids.
#[derive(Debug, PartialEq)]
struct Breach {
    rule: &'static str,
    /// A statement in one line, or an object of the schema.
    what: String,
}

/// What is wrong with breaches of which those of a list are let be: rule, words of the breach, reason.
fn unexplained(found: &[Breach], exceptions: &[(&str, &str, &str)]) -> Vec<String> {
    let matches =
        |breach: &Breach, (rule, words, _): &(&str, &str, &str)| breach.rule == *rule && breach.what.contains(words);
    let new = found.iter().filter(|breach| !exceptions.iter().any(|exception| matches(breach, exception)));
    let stale = exceptions.iter().filter(|exception| !found.iter().any(|breach| matches(breach, exception)));
    new.map(|breach| format!("{}: {}", breach.rule, breach.what))
        .chain(stale.map(|(rule, words, _)| format!("no longer needed: {rule}: {words}")))
        .collect()
}

#[test]
fn an_exception_that_nothing_needs_any_more_fails() {
    let found = [Breach { rule: "advisory lock", what: "select pg_advisory_lock(1)".to_owned() }];
    assert!(unexplained(&found, &[("advisory lock", "pg_advisory_lock(1)", "why")]).is_empty());
    assert_eq!(unexplained(&found, &[]).len(), 1);
    assert_eq!(unexplained(&found, &[("session", "pg_advisory_lock(1)", "another rule")]).len(), 2);
    assert_eq!(unexplained(&[], &[("advisory lock", "pg_advisory_lock(1)", "why")]).len(), 1);
}
