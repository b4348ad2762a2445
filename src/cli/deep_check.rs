//! `dna-api check --deep`: the data itself is whole. All of it is read in one snapshot, beside servers that go on.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use sqlx::PgPool;

use super::check::{Contents, Finding};
use crate::{
    domain::partner::PartnerId,
    store::{
        digest::{self, Digest},
        proof::{self, Flaw},
        proof_across::{self, Next},
    },
};

/// What is proved, and how it is said where it holds.
const WHOLE: [(&str, &str); 7] = [
    ("history", "every client is where an unbroken chain of events has led it"),
    ("erased", "nothing personal is left of erased clients"),
    ("words", "every client is found by its words, and nobody by others"),
    ("counts", "subresellers have as many clients as are counted"),
    ("callers", "every kept reply is whole, and every live token has its login"),
    ("domains", "every client has its domain, and the next one is free"),
    ("tenants", "every row has its partner"),
];

/// All that is proved; where that cannot be gone through with, why.
pub(super) async fn run(db: &PgPool) -> Vec<Finding> {
    match prove(db).await {
        Ok(findings) => findings,
        Err(error) => vec![Finding::new("deep", Err::<(), _>(error), |()| String::new())],
    }
}

async fn prove(db: &PgPool) -> Result<Vec<Finding>> {
    let mut snapshot = proof::begin(db).await?;
    let mut flaws = Flaws::default();
    for partner in proof::partners(&mut snapshot).await? {
        flaws.add("history", Some(partner), proof::history(&mut snapshot, partner).await?);
        flaws.add("erased", Some(partner), proof::erased(&mut snapshot, partner).await?);
        flaws.add("words", Some(partner), proof::words(&mut snapshot, partner).await?);
        flaws.add("counts", Some(partner), proof::counts(&mut snapshot, partner).await?);
        flaws.add("callers", Some(partner), proof::callers(&mut snapshot, partner).await?);
    }
    flaws.add("domains", None, proof_across::domains(&mut snapshot).await?);
    flaws.add("tenants", None, proof_across::strangers(&mut snapshot).await?);

    let mut findings: Vec<Finding> = WHOLE.map(|(check, whole)| flaws.finding(check, whole)).into();
    findings.push(goes_on(&proof_across::next(&mut snapshot).await?));
    findings.push(table(digest::schema(&mut snapshot).await?));
    findings.extend(digest::tables(&mut snapshot).await?.into_iter().map(table));
    Ok(findings)
}

/// Flaws of all partners: by check and kind, how many, and where one is.
#[derive(Default)]
struct Flaws(BTreeMap<(&'static str, String), (i64, String)>);

impl Flaws {
    fn add(&mut self, check: &'static str, partner: Option<PartnerId>, flaws: Vec<Flaw>) {
        for Flaw { what, rows, client } in flaws {
            let such_as = match (client, partner) {
                (Some(client), _) => format!(", such as of client {client}"),
                (None, Some(partner)) => format!(", such as of partner {}", partner.0),
                (None, None) => String::new(),
            };
            self.0.entry((check, what)).or_insert((0, such_as)).0 += rows;
        }
    }

    fn finding(&self, check: &'static str, whole: &str) -> Finding {
        let found = self.0.iter().filter(|((of, _), _)| *of == check);
        let found: Vec<String> = found.map(|((_, what), (rows, such_as))| format!("{rows} {what}{such_as}")).collect();
        let proved = if found.is_empty() { Ok(()) } else { Err(anyhow!(found.join("; "))) };
        Finding::new(check, proved, |()| whole.to_owned())
    }
}

/// Whether what is given out next is new.
fn goes_on(next: &Next) -> Finding {
    let said = match next {
        Next { is_elsewhere: None, .. } => Err("there is no era of events: nothing can be written"),
        Next { is_elsewhere: Some(true), .. } => {
            Err("the data has come from another cluster: run `dna-api migrate` before a server writes to it")
        }
        Next { is_behind_events: true, .. } => Err("events are at positions that this cluster is still to give out"),
        Next { is_behind_clients: Some(true), .. } => {
            Err("clients have ids that are still to be given out: set the sequence clients_id_seq behind the greatest")
        }
        Next { is_behind_clients: None, .. } => {
            Ok("the next event comes behind all others; whether the next client's id is new, this role may not know")
        }
        _ => Ok("the next event comes behind all others, and the next client's id is new"),
    };
    Finding::new("next", said.map_err(|flaw| anyhow!(flaw)), str::to_owned)
}

fn table(Digest { table, rows, digest }: Digest) -> Finding {
    let digest = format!("{digest:016x}");
    let finding = Finding::new("table", Ok(()), |()| format!("{table:20} {rows:>10}  {digest}"));
    Finding { contents: Some(Contents { table, rows, digest }), ..finding }
}
