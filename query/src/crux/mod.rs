//! The CrUX API's shapes over one's own data, so that what reads Chrome's report reads this as well: `records:queryRecord` and
//! `records:queryHistoryRecord`, <https://developer.chrome.com/docs/crux/api> and <https://developer.chrome.com/docs/crux/history-api>.
//!
//! An origin or URL is found among the sites that the caller may read ([`whose`]); what is answered comes of the same counters as
//! every other call's ([`record`], [`history`]). Only the envelope of errors is Google's, because its clients look for that.

mod calls;
mod fault;
mod history;
mod metrics;
mod place;
mod record;
mod request;
mod whose;

pub use calls::{query_history_record, query_record};

#[doc(hidden)]
pub use calls::{__path_query_history_record, __path_query_record};
