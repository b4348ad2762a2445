//! What the model is asked.

use proptest::{
    prelude::{Just, Strategy, prop_oneof},
    sample::select,
};

/// A call of a partner's; `target` picks one of all partners' clients, or one that never was.
#[derive(Clone, Debug)]
pub enum Call {
    Create {
        first_name: &'static str,
        customer_id: &'static str,
    },
    Transition {
        target: usize,
        action: &'static str,
        reason: Option<&'static str>,
    },
    Change {
        target: usize,
        name: &'static str,
        value: &'static str,
        known: bool,
    },
    Read {
        target: usize,
    },
    Domain {
        target: usize,
    },
    History {
        target: usize,
    },
    List {
        query: (&'static str, &'static str),
    },
    Subresellers,
    /// Not a call: the background moves its counts on.
    Count,
}

/// A partner, and what it calls.
pub fn call() -> impl Strategy<Value = (usize, Call)> {
    let target = 0..6_usize;
    let call = prop_oneof![
        4 => (select(vec!["Ann", "Bob"]), select(vec!["", "", "C-1", "C-2"]))
            .prop_map(|(first_name, customer_id)| Call::Create { first_name, customer_id }),
        8 => (target.clone(), select(vec!["activate", "suspend", "cancel"]), select(vec![None, Some("why")]))
            .prop_map(|(target, action, reason)| Call::Transition { target, action, reason }),
        4 => (target.clone(),
              select(vec![("customer_id", ""), ("customer_id", "C-1"), ("first_name", "Ann"), ("first_name", "Bob"),
                          ("first_name", ""), ("status", "active"), ("subreseller_id", "7"), ("subreseller_id", "77")]),
              select(vec![true, true, false]))
            .prop_map(|(target, (name, value), known)| Call::Change { target, name, value, known }),
        2 => target.clone().prop_map(|target| Call::Read { target }),
        1 => target.clone().prop_map(|target| Call::Domain { target }),
        1 => target.prop_map(|target| Call::History { target }),
        2 => select(vec![("limit", "200"), ("status", "active"), ("status", "cancelled"), ("customer_id", "C-1"),
                         ("q", "ann"), ("email", "email@email.com")])
            .prop_map(|query| Call::List { query }),
        1 => Just(Call::Subresellers),
        2 => Just(Call::Count),
    ];
    (0..super::PARTNERS, call)
}
