//! A client: the telecom customer that a partner creates, activates, suspends and cancels.

use chrono::{DateTime, NaiveDate, Utc};

use super::event;

/// Names a client among all partners' clients; 1 to 2^53 − 1, which every JSON reader keeps exact.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ClientId(i64);

impl ClientId {
    /// Reads an id as it stands in a path: ASCII digits, no sign, no leading zero.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        let canonical = !id.starts_with('0') && id.bytes().all(|b| b.is_ascii_digit());
        id.parse().ok().filter(|id| canonical && *id < 1 << 53).map(Self)
    }

    /// The number, as the database keeps it.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// Whether a client's service runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Created, and not yet activated.
    Pending,
    /// The domain makes and receives calls.
    Active,
    /// The domain is locked.
    Suspended,
    /// The domain is locked, and the client is not billed.
    Cancelled,
}

impl Status {
    /// Every status there is.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Active, Self::Suspended, Self::Cancelled];

    /// The word for it, in replies and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// Whether a client is billed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BillingStatus {
    /// Never activated, so never billed.
    None,
    /// Billed.
    Active,
    /// Cancelled, so no longer billed.
    Suspended,
}

impl BillingStatus {
    /// The word for it, in replies and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    /// The status of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::None, Self::Active, Self::Suspended].into_iter().find(|status| status.as_str() == word)
    }
}

/// A change of status, as data: any client may be brought to `target`, from any status.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transition {
    /// The status afterwards.
    pub target: Status,
    /// The billing status afterwards of a client that was never billed; none where it stays.
    pub billing_from_none: Option<BillingStatus>,
    /// The billing status afterwards of every other client; none where it stays.
    pub billing: Option<BillingStatus>,
    /// What the event is called.
    pub kind: event::Kind,
}

impl Transition {
    /// Let the service run, and bill it.
    pub const ACTIVATE: Self = Self {
        target: Status::Active,
        billing_from_none: Some(BillingStatus::Active),
        billing: Some(BillingStatus::Active),
        kind: event::Kind::Activated,
    };
    /// Lock the service, and touch nothing else.
    pub const SUSPEND: Self =
        Self { target: Status::Suspended, billing_from_none: None, billing: None, kind: event::Kind::Suspended };
    /// Lock the service, and bill it no longer.
    pub const CANCEL: Self = Self {
        target: Status::Cancelled,
        billing_from_none: None,
        billing: Some(BillingStatus::Suspended),
        kind: event::Kind::Cancelled,
    };
    /// Back to where it was not activated yet, and not billed until it is again: for operators alone.
    pub const RESET: Self = Self {
        target: Status::Pending,
        billing_from_none: None,
        billing: Some(BillingStatus::Suspended),
        kind: event::Kind::Reset,
    };

    /// What brings a client to a status.
    #[must_use]
    pub const fn to(status: Status) -> Self {
        match status {
            Status::Pending => Self::RESET,
            Status::Active => Self::ACTIVATE,
            Status::Suspended => Self::SUSPEND,
            Status::Cancelled => Self::CANCEL,
        }
    }
}

/// What became of a client that is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found<T> {
    /// The partner never had it.
    Nothing,
    /// Its personal data was erased.
    Erased,
    /// It is there.
    Here(T),
}

/// A client's status, and since when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientStatus {
    /// The client.
    pub id: i64,
    /// Its domain on the switch.
    pub ns_domain: String,
    /// Its status.
    pub status: Status,
    /// When the status took effect.
    pub status_changed_at: DateTime<Utc>,
}

/// The id and the domain of a client: what the document prints of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientName {
    /// The client.
    pub id: i64,
    /// Its domain on the switch.
    pub ns_domain: String,
}

/// Where a client is billed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Billing {
    /// Whether it is the client's own address.
    pub same_address: bool,
    /// The street address.
    pub address: String,
    /// The ZIP code.
    pub zipcode: String,
}

/// What a partner tells of a client, checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewClient {
    /// The subreseller that the client is grouped under, where the partner has subresellers.
    pub subreseller_id: Option<String>,
    /// Where mail for the client goes.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Street address, one line.
    pub address: String,
    /// US ZIP code.
    pub zipcode: String,
    /// Where it is billed.
    pub billing: Billing,
    /// The partner's own id for the client, unique within the partner.
    pub customer_id: Option<String>,
    /// The first day to bill.
    pub start_billing_date: Option<NaiveDate>,
}

/// A client, whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Client {
    /// Its id.
    pub id: i64,
    /// Its domain on the switch.
    pub ns_domain: String,
    /// Its status.
    pub status: Status,
    /// Whether it is billed.
    pub billing_status: BillingStatus,
    /// What its partner told.
    pub data: NewClient,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When its status took effect.
    pub status_changed_at: DateTime<Utc>,
}

impl Client {
    /// A client as it is when it has just been created.
    #[must_use]
    pub const fn new(id: i64, ns_domain: String, data: NewClient, at: DateTime<Utc>) -> Self {
        Self {
            id,
            ns_domain,
            status: Status::Pending,
            billing_status: BillingStatus::None,
            data,
            created_at: at,
            updated_at: at,
            status_changed_at: at,
        }
    }
}
