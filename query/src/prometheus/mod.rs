//! What Prometheus, Grafana and whatever speaks their languages see of a site.
//!
//! [`export`] is scraped: totals that only grow. [`calls`] answer the query API of Prometheus itself, which [`promql`] works out over the
//! store's own minutes and hours. [`families`] names the series, for both ways.

mod answer;
mod calls;
mod export;
mod families;
mod promql;
mod series_text;

pub use calls::*;
pub use export::{__path_site_metrics, Exports, site_metrics};
