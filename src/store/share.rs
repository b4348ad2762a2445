//! What one worker of a server has of its database connections, and that it can begin anew with others.

use std::sync::{Arc, PoisonError, RwLock};

use super::lease::Kept;

/// See the module.
pub(super) struct Share {
    kept: RwLock<Arc<Kept>>,
    open: Box<dyn Fn() -> Kept + Send + Sync>,
}

impl Share {
    pub(super) fn new(open: impl Fn() -> Kept + Send + Sync + 'static) -> Self {
        Self { kept: RwLock::new(Arc::new(open())), open: Box::new(open) }
    }

    pub(super) fn kept(&self) -> Arc<Kept> {
        Arc::clone(&self.kept.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Begins anew, and tells what there was.
    pub(super) fn renew(&self) -> Arc<Kept> {
        let new = Arc::new((self.open)());
        std::mem::replace(&mut *self.kept.write().unwrap_or_else(PoisonError::into_inner), new)
    }
}
