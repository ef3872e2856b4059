//! Error budgets: what an objective allows, what was spent of it, and when it will be gone.
//!
//! Pure arithmetic over buckets of good and valid counts; the same code answers the API, the alerts, the command line and a backtest.
//! Whatever is decided (spent or not, at risk or not) is decided in integers; floats only carry figures to readers. What counts as
//! good is the SLI's business, and who is told is the alerts'.

mod evaluate;
mod fraction;
mod series;
mod slices;
mod window;

pub use evaluate::{Budget, Forecast, FullPeriod, LOOKBACK_H, Status, burn_rate, evaluate};
pub use fraction::{Fraction, Objective};
pub use series::{Counts, Series};
pub use slices::{Empty, SliceBudget, evaluate_slices};
pub use window::{Every, Unit, Window, WindowError, instant_of};
