//! Alerts: a promise that burns too fast is noticed each minute, told in words to whoever should know, and told again when it is over.
//!
//! [`run`] judges every rule of every promise by [`felt_schema::burn`], in one of several query processes at a time (`lease`), over
//! minutes that it reads as they are counted (`desk`). What fires is a row of `alerts`, what is to be told of it a row of
//! `alert_deliveries` that waits until its route took it; so a restart neither repeats nor forgets. What counts as good is the business
//! of [`crate::slos`], and a chart of it the dashboard's.

mod calls;
mod deliver;
mod desk;
mod evaluator;
mod lease;
mod limits;
mod pace;
mod record;
mod route_calls;
mod routes;
mod silence_calls;
mod silences;
mod words;

pub use calls::*;
pub use evaluator::run;
pub(crate) use record::firing;
pub use route_calls::*;
pub use silence_calls::*;
pub(crate) use silences::instant;
