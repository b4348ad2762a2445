//! Readings that share a statement: those of one partner that come to a worker in one turn.
//!
//! Nothing waits for company. Whoever is first has the statement sent once the thread has done what it was woken for, and
//! it takes along who has come by then. So a reading alone is a statement with one id, and the busier a thread is, the fewer
//! there are for as many readings. None is about two partners.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;
use tracing::Instrument as _;

use super::{
    StoreError,
    client_row::{self, Row},
    db::Db,
    retry::failed,
};
use crate::{
    domain::{
        client::{Client, ClientId, Found},
        partner::PartnerId,
    },
    traces::work::{Work, on_behalf},
};

/// The readings of one worker. Clones share them.
#[derive(Clone)]
pub struct Readings {
    db: Db,
    waiting: Arc<Mutex<HashMap<PartnerId, Asked>>>,
}

/// Who waits for which client.
type Asked = HashMap<ClientId, Vec<oneshot::Sender<Answer>>>;
type Answer = Result<Option<Row>, StoreError>;

impl Readings {
    /// Those that are carried out on these connections.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db, waiting: Arc::default() }
    }

    /// The partner's client of that id.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be asked.
    pub async fn client(&self, partner: PartnerId, id: ClientId) -> Result<Found<Client>, StoreError> {
        let (tell, told) = oneshot::channel();
        let is_first = {
            let mut waiting = self.waiting();
            let asked = waiting.entry(partner).or_default();
            let is_first = asked.is_empty();
            asked.entry(id).or_default().push(tell);
            is_first
        };
        let shared = if is_first {
            let readings = self.clone();
            tokio::spawn(on_behalf(async move { readings.read(partner).await }).in_current_span());
            None
        } else {
            Some(Work::shared("select"))
        };
        let answer = told.await.unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed.into()));
        if let (Some(work), Err(error)) = (shared, &answer) {
            failed(&work, error);
        }
        Row::found(answer?)
    }

    /// Reads what has been asked for by now, as long as anybody waits for it.
    async fn read(&self, partner: PartnerId) {
        let mut asked = self.waiting().remove(&partner).unwrap_or_default();
        let ids: Vec<i64> = asked.keys().map(|id| id.get()).collect();
        let all_gone = async {
            for caller in asked.values_mut().flatten() {
                caller.closed().await;
            }
        };
        let rows = tokio::select! {
            biased;
            () = all_gone => return,
            rows = client_row::read(&self.db, partner, &ids) => rows,
        };
        match rows {
            Ok(rows) => {
                let mut rows: HashMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
                for (id, callers) in asked {
                    tell(callers, Ok(rows.remove(&id.get())));
                }
            }
            Err(error) => asked.into_values().for_each(|callers| tell(callers, Err(error.clone()))),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<PartnerId, Asked>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells each of them. Who has gone does not hear it.
fn tell(mut callers: Vec<oneshot::Sender<Answer>>, answer: Answer) {
    let Some(last) = callers.pop() else { return };
    for caller in callers {
        drop(caller.send(answer.clone()));
    }
    drop(last.send(answer));
}
