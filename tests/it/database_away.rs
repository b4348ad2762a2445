//! The database dies, hangs, is in the way or is far behind a pooler: what callers see, and what is left of it.

mod behind_a_proxy;
mod conflicts;
mod linter;
mod locks;
mod migrating;
mod pooler;
mod silent;
mod snapshots;
