//! What happened to a client: an event is written with each change, by the statement that makes it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    caller::Identity,
    client::{BillingStatus, ClientName, Status},
    partner::PartnerId,
};

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The client was created.
    Created,
    /// What the partner tells of it was changed.
    Updated,
    /// Its service runs, and it is billed.
    Activated,
    /// Its service was locked.
    Suspended,
    /// Its service was locked, and it is no longer billed.
    Cancelled,
    /// An operator put its status back to `pending`.
    Reset,
    /// An operator erased its personal data.
    Erased,
}

impl Kind {
    /// Every kind there is.
    pub const ALL: [Self; 7] =
        [Self::Created, Self::Updated, Self::Activated, Self::Suspended, Self::Cancelled, Self::Reset, Self::Erased];

    /// The word for it, in replies and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Activated => "activated",
            Self::Suspended => "suspended",
            Self::Cancelled => "cancelled",
            Self::Reset => "reset",
            Self::Erased => "erased",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The kind of an event that a server of the first version wrote, which kept none.
    #[must_use]
    pub const fn implied(from: Option<Status>, to: Status) -> Self {
        match (from, to) {
            (None, _) => Self::Created,
            (Some(_), Status::Pending) => Self::Reset,
            (Some(_), Status::Active) => Self::Activated,
            (Some(_), Status::Suspended) => Self::Suspended,
            (Some(_), Status::Cancelled) => Self::Cancelled,
        }
    }
}

/// Who changes a client.
#[derive(Clone, Copy, Debug)]
pub enum Author<'a> {
    /// Whoever a token was issued to.
    Caller(&'a Identity),
    /// An operator's command, run by this account of the operating system.
    Operator(&'a str),
}

/// Who changes a client of which partner, why, and by which request.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Whose client it is: a statement sees no other partner's.
    pub partner: PartnerId,
    /// Who.
    pub author: Author<'a>,
    /// The request's id; an operator's command has none.
    pub request_id: Option<&'a str>,
    /// Why, where that was told.
    pub reason: Option<&'a str>,
}

impl<'a> Origin<'a> {
    /// A request of a caller's.
    #[must_use]
    pub const fn request(identity: &'a Identity, request_id: &'a str) -> Self {
        let author = Author::Caller(identity);
        Self { partner: identity.partner, author, request_id: Some(request_id), reason: None }
    }

    /// The same, for this reason.
    #[must_use]
    pub const fn because(self, reason: Option<&'a str>) -> Self {
        Self { reason, ..self }
    }

    /// The user of the token; none for an operator, nor where an OAuth client speaks for itself.
    #[must_use]
    pub fn user(&self) -> Option<Uuid> {
        match self.author {
            Author::Caller(identity) => identity.user.map(|user| user.0),
            Author::Operator(_) => None,
        }
    }

    /// The OAuth client of the token; none for an operator.
    #[must_use]
    pub const fn oauth_client(&self) -> Option<Uuid> {
        match self.author {
            Author::Caller(identity) => Some(identity.oauth_client.0),
            Author::Operator(_) => None,
        }
    }

    /// The account of an operator.
    #[must_use]
    pub const fn operator(&self) -> Option<&'a str> {
        match self.author {
            Author::Caller(_) => None,
            Author::Operator(account) => Some(account),
        }
    }
}

/// A status, and whether it was billed, at one end of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct State {
    /// The status.
    pub status: Status,
    /// The billing status; none where a server of the first version wrote the event while this one's schema was there.
    pub billing_status: Option<BillingStatus>,
}

/// An event, as a partner sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Its id: ids of one client's events sort as they happened.
    pub id: Uuid,
    /// Where it stands in the partner's feed; `id` orders events of one position.
    pub position: i64,
    /// The client.
    pub client: ClientName,
    /// What happened.
    pub kind: Kind,
    /// What the client was before; none for its creation.
    pub from: Option<State>,
    /// What it was afterwards.
    pub to: State,
    /// The members that an update changed; their values are not kept.
    pub changed: Vec<String>,
    /// Why, where that was told.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// The user; none where there was none, and for an operator.
    pub user: Option<Uuid>,
    /// The user's name.
    pub username: Option<String>,
    /// The OAuth client; none for an operator.
    pub oauth_client: Option<Uuid>,
    /// The request; none for an operator.
    pub request_id: Option<String>,
}
