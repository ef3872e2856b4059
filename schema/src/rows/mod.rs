//! The rows of the ClickHouse tables: fields in the order of the columns, plain integers and owned strings, so that
//! they go over the wire as RowBinary without conversion.
//!
//! `Date` is `u16` days since 1970, `DateTime` is `u32` seconds, `DateTime64(3)` is `i64` milliseconds, `Enum8` is
//! `i8`, a `Map` is a vector of pairs. Times of a view are micro units with [`crate::metric::MISSING`] for "not
//! measured"; a missing `Float64` is NaN. `sign` is 1 for a row written and -1 for one taken back: every read sums
//! signs. The tables themselves are the store's migrations.

mod alert;
mod document;
mod erasure;
mod exported;
mod operations;
mod page_view;
mod people;
mod rollup;
mod slo;

pub use alert::{AlertDeliveryRow, AlertRow, LeaseRow};
pub use document::DocumentRow;
pub use erasure::{ErasureRow, ErasureTargetRow};
pub use exported::ExportedTotalRow;
pub use operations::{DeadLetterRow, OutcomeRow, ProgressRow, TokenRow, ViewStateRow};
pub use page_view::{EventRow, PageViewRow};
pub use people::{AuditRow, PersonRow, SessionRow};
pub use rollup::RollupRow;
pub use slo::{SloMinuteRow, SloRow};

/// NaN as `null` where numbers are text: JSON has no NaN, and the states of views are kept as JSON.
mod nan_or_number {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(*value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        if deserializer.is_human_readable() {
            Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
        } else {
            f64::deserialize(deserializer)
        }
    }
}
