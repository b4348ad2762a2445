//! A client's row, as statements read it.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgExecutor;

use super::StoreError;
use crate::domain::{
    client::{Billing, BillingStatus, Client, Found, NewClient, Status},
    partner::PartnerId,
    time::{rfc3339, rfc3339_or_null},
};

/// What a [`Row`] is read from, for statements that are put together.
pub(super) const COLUMNS: &str =
    "c.id, c.ns_domain, c.status, c.billing_status, c.customer_id, c.subreseller_id, c.email,
    c.first_name, c.last_name, c.address, c.zipcode, c.same_billing_address, c.billing_address, c.billing_zipcode,
    c.start_billing_date, c.created_at, c.updated_at, c.status_changed_at, c.erased_at";

/// A row of `clients`. Of a client that was erased, what was personal is empty.
#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
pub struct Row {
    /// Its id.
    pub id: i64,
    /// Its domain on the switch.
    pub ns_domain: String,
    /// Its status.
    pub status: String,
    /// Whether it is billed.
    pub billing_status: String,
    /// The partner's own id for it.
    pub customer_id: Option<String>,
    /// The subreseller that it is grouped under.
    pub subreseller_id: Option<String>,
    /// Where mail for it goes.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Street address.
    pub address: String,
    /// US ZIP code.
    pub zipcode: String,
    /// Whether it is billed there.
    pub same_billing_address: bool,
    /// Where it is billed.
    pub billing_address: String,
    /// The ZIP code of that.
    pub billing_zipcode: String,
    /// The first day to bill.
    pub start_billing_date: Option<NaiveDate>,
    /// When it was created.
    #[serde(serialize_with = "rfc3339")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(serialize_with = "rfc3339")]
    pub updated_at: DateTime<Utc>,
    /// When its status took effect.
    #[serde(serialize_with = "rfc3339")]
    pub status_changed_at: DateTime<Utc>,
    /// When its personal data was erased.
    #[serde(serialize_with = "rfc3339_or_null")]
    pub erased_at: Option<DateTime<Utc>>,
}

/// Those of the partner's clients that have one of these ids, erased or not, each once.
pub(super) async fn read(db: impl PgExecutor<'_>, partner: PartnerId, ids: &[i64]) -> Result<Vec<Row>, StoreError> {
    // The subselect hides how many ids there are: else they are counted, and the statement is planned anew each time.
    let rows = sqlx::query_as!(
        Row,
        "select id, ns_domain, status, billing_status, customer_id, subreseller_id, email, first_name, last_name, address,
                zipcode, same_billing_address, billing_address, billing_zipcode, start_billing_date, created_at,
                updated_at, status_changed_at, erased_at
         from clients where partner_id = $1 and id = any((select $2::bigint[])::bigint[])",
        partner.0,
        ids
    );
    Ok(rows.fetch_all(db).await?)
}

impl Row {
    /// What became of the client of a row that may be there.
    pub(super) fn found(row: Option<Self>) -> Result<Found<Client>, StoreError> {
        match row {
            None => Ok(Found::Nothing),
            Some(row) if row.erased_at.is_some() => Ok(Found::Erased),
            Some(row) => row.client().map(Found::Here),
        }
    }

    /// The client.
    pub(super) fn client(self) -> Result<Client, StoreError> {
        Ok(Client {
            id: self.id,
            ns_domain: self.ns_domain,
            status: word(&self.status, Status::parse)?,
            billing_status: word(&self.billing_status, BillingStatus::parse)?,
            data: NewClient {
                subreseller_id: self.subreseller_id,
                email: self.email,
                first_name: self.first_name,
                last_name: self.last_name,
                address: self.address,
                zipcode: self.zipcode,
                billing: Billing {
                    same_address: self.same_billing_address,
                    address: self.billing_address,
                    zipcode: self.billing_zipcode,
                },
                customer_id: self.customer_id,
                start_billing_date: self.start_billing_date,
            },
            created_at: self.created_at,
            updated_at: self.updated_at,
            status_changed_at: self.status_changed_at,
        })
    }
}

/// What a stored word means. One that means nothing is a newer server's.
pub(super) fn word<T>(stored: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    let unknown = || StoreError::from(sqlx::Error::Decode(format!("the database has a word {stored:?}").into()));
    parse(stored).ok_or_else(unknown)
}
