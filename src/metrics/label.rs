//! Labels of few values, and families that stay small whatever callers send.

use std::{
    fmt::Debug,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// One label whose values are known beforehand.
pub trait Kind: EncodeLabelSet + Copy + Eq + Hash + Debug + Send + Sync + 'static {
    /// All of them.
    const ALL: &'static [Self];

    /// Its value of the label.
    fn word(self) -> &'static str;
}

/// A [`Kind`]: the label's name, and a word for each value.
macro_rules! kind {
    ($(#[$doc:meta])* $name:ident, $label:literal, { $($(#[$of:meta])* $value:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name {
            $($(#[$of])* $value,)+
        }

        impl crate::metrics::label::Kind for $name {
            const ALL: &'static [Self] = &[$(Self::$value),+];

            fn word(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)+
                }
            }
        }

        impl prometheus_client::encoding::EncodeLabelSet for $name {
            fn encode(
                &self,
                encoder: &mut prometheus_client::encoding::LabelSetEncoder<'_>,
            ) -> Result<(), std::fmt::Error> {
                [($label, crate::metrics::label::Kind::word(*self))].encode(encoder)
            }
        }
    };
}
pub(super) use kind;

/// Events by kind. Each kind is told of from the start, at zero, so that its first event is seen as an increase.
#[derive(Clone, Debug)]
pub struct Counts<K>(Family<K, Counter>);

impl<K: Kind> Counts<K> {
    pub(super) fn registered(registry: &mut Registry, name: &str, help: &str) -> Self {
        let counts = Self::default();
        registry.register(name, help, counts.0.clone());
        counts
    }

    /// Counts one.
    pub fn count(&self, kind: K) {
        self.0.get_or_create(&kind).inc();
    }
}

impl<K: Kind> Default for Counts<K> {
    fn default() -> Self {
        let family = Family::default();
        for kind in K::ALL {
            drop(family.get_or_create(kind));
        }
        Self(family)
    }
}

/// A metric by labels that callers have a hand in: of so many of them, at most. Whatever comes later counts as the rest.
#[derive(Clone, Debug)]
pub(super) struct Bounded<L, M> {
    family: Family<L, M, fn() -> M>,
    left: Arc<Mutex<usize>>,
}

impl<L: Clone + Eq + Hash, M: Clone> Bounded<L, M> {
    /// A share of a family, which may add so many to it.
    pub(super) fn new(family: Family<L, M, fn() -> M>, most: usize) -> Self {
        Self { family, left: Arc::new(Mutex::new(most)) }
    }

    /// The metric of these labels; of `rest`, where there are too many already.
    pub(super) fn of(&self, labels: &L, rest: impl FnOnce() -> L) -> M {
        if let Some(known) = self.family.get(labels) {
            return known.clone();
        }
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if self.family.get(labels).is_some() {
            return self.family.get_or_create_owned(labels);
        }
        if *left == 0 {
            return self.family.get_or_create_owned(&rest());
        }
        *left -= 1;
        self.family.get_or_create_owned(labels)
    }
}
