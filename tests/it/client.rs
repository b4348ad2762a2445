//! Create, activate and suspend a client.

mod bad_input;
mod billing;
mod concurrency;
mod create;
mod customer_id;
mod dates;
mod documents_curl_lines;
mod email;
mod events;
mod forms;
mod ids;
mod lengths;
mod names;
mod ns_domain;
mod repeated;
mod subreseller;
mod tenants;
mod transitions;
mod validation;
