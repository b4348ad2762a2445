//! The clients of a batch, created in one statement where nothing stands against it.

use std::{collections::HashMap, slice, time::Duration};

use sqlx::{Connection as _, PgConnection};
use tokio::time::sleep;

use super::{batches::Numbered, import::Import, line::RowLine};
use crate::{
    domain::{
        client::{ClientName, NewClient},
        ns_domain,
    },
    store::{StoreError, client_import, lease::Transaction},
};

/// Whatever the role's default is: a `customer_id` that somebody else has taken meanwhile is looked up once more, and has
/// to be seen by then.
const BEGIN: &str = "begin isolation level read committed";
/// How long an import that has to wait for another one lets go of its connection.
const PAUSE: Duration = Duration::from_millis(25);

impl Import<'_> {
    /// A transaction that alone imports clients of the partner's. Who has to wait for that keeps no connection meanwhile.
    pub(super) async fn begin(&self) -> Result<Transaction, StoreError> {
        loop {
            let mut transaction = Box::pin(self.db.begin_with(BEGIN)).await?;
            if client_import::is_alone(&mut *transaction, self.origin.partner).await? {
                return Ok(transaction);
            }
            transaction.rollback().await?;
            sleep(PAUSE).await;
        }
    }

    /// Creates the clients of a batch, in a transaction. What became of each row, in their order.
    pub(super) async fn create(&self, db: &mut PgConnection, batch: &[Numbered]) -> Result<Vec<RowLine>, StoreError> {
        match self.settled(db, batch).await {
            Err(StoreError::Taken(_) | StoreError::Refused(_)) => {}
            done => return done,
        }
        // One of them stands in the way of all.
        let slugs: Vec<String> = batch.iter().filter_map(|one| Some(self.slug(one.row.as_ref().ok()?))).collect();
        client_import::hold_counters(&mut *db, self.origin.partner, &slugs, self.suffix).await?;
        let mut lines = Vec::with_capacity(batch.len());
        for one in batch {
            lines.extend(self.alone(db, one).await?);
        }
        Ok(lines)
    }

    /// What the new client's domain begins with.
    pub(super) fn slug(&self, new: &NewClient) -> String {
        ns_domain::slug(&new.first_name, &new.last_name, self.suffix)
    }

    async fn alone(&self, db: &mut PgConnection, one: &Numbered) -> Result<Vec<RowLine>, StoreError> {
        let one = slice::from_ref(one);
        match self.settled(db, one).await {
            Err(StoreError::Refused(_)) => {
                let message = "A parameter holds what cannot be stored.".to_owned();
                Ok(one.iter().map(|one| RowLine::failed(one.number, "invalid_request", message.clone())).collect())
            }
            done => done,
        }
    }

    /// The same as [`Self::together`]. Where someone else took a `customer_id` after it was looked up, it is looked up once
    /// more: by now it is to be seen.
    async fn settled(&self, db: &mut PgConnection, batch: &[Numbered]) -> Result<Vec<RowLine>, StoreError> {
        match self.together(db, batch).await {
            Err(StoreError::Taken(_)) => self.together(db, batch).await,
            done => done,
        }
    }

    /// Creates all that are new, or none: then nothing of it is left in the transaction.
    async fn together(&self, db: &mut PgConnection, batch: &[Numbered]) -> Result<Vec<RowLine>, StoreError> {
        let mut part = db.begin().await?;
        let held = self.holders(&mut part, batch).await?;
        let (new, fates) = sort(batch, &held);
        let created = match new.len() {
            0 => Vec::new(),
            _ => client_import::create(&mut *part, self.origin, &new, self.suffix).await?,
        };
        part.commit().await?;
        let told = batch.iter().zip(fates).map(|(one, fate)| match (&one.row, fate) {
            (Err(line), _) => line.clone(),
            (_, Fate::Held(holder)) => RowLine::done(one.number, "EXISTS", holder.cloned()),
            (_, Fate::Repeated(place)) => RowLine::done(one.number, "EXISTS", created.get(place).cloned()),
            (_, Fate::New(place)) => RowLine::done(one.number, "OK", created.get(place).cloned()),
        });
        Ok(told.collect())
    }

    /// The clients that have a `customer_id` of the batch's rows.
    pub(super) async fn holders(
        &self,
        db: &mut PgConnection,
        batch: &[Numbered],
    ) -> Result<HashMap<String, ClientName>, StoreError> {
        let ids = batch.iter().filter_map(|one| one.row.as_ref().ok()?.customer_id.as_deref());
        let ids: Vec<&str> = ids.collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        client_import::by_customer_ids(db, self.origin.partner, &ids).await
    }
}

/// What is to become of a row.
enum Fate<'a> {
    /// There is a client of its `customer_id`; none where the row is wrong.
    Held(Option<&'a ClientName>),
    /// It has the `customer_id` of a row before it: that of the new client in this place.
    Repeated(usize),
    /// It becomes the new client in this place.
    New(usize),
}

fn sort<'a>(batch: &'a [Numbered], held: &'a HashMap<String, ClientName>) -> (Vec<&'a NewClient>, Vec<Fate<'a>>) {
    let mut new: Vec<&NewClient> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let fates = batch.iter().map(|one| {
        let Ok(client) = &one.row else { return Fate::Held(None) };
        let id = client.customer_id.as_deref();
        if let Some(holder) = id.and_then(|id| held.get(id)) {
            return Fate::Held(Some(holder));
        }
        if let Some(place) = id.and_then(|id| places.get(id)) {
            return Fate::Repeated(*place);
        }
        let place = new.len();
        new.push(client);
        places.extend(id.map(|id| (id, place)));
        Fate::New(place)
    });
    let fates = fates.collect();
    (new, fates)
}
