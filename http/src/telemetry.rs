//! The process's metrics: one recorder, rendered as Prometheus text by [`crate::health`].

use crate::events;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use std::sync::OnceLock;
use std::time::Duration;

pub use metrics_exporter_prometheus::PrometheusHandle;

/// Bounds of every histogram whose name ends in `_seconds`: 100 µs to 30 s.
const SECONDS_BUCKETS: [f64; 16] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];
/// Bounds of histograms whose name ends in `_bytes` or `_records`: powers of four up to 64 Mi.
const SIZE_BUCKETS: [f64; 14] = [
    1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0, 16777216.0,
    67108864.0,
];
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Why metrics could not be set up.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot install the metrics recorder, another one is installed already: {0}")]
pub struct TelemetryError(String);

/// Installs the recorder of this process. Repeated calls give the same handle, so that roles sharing a process need not agree.
pub fn install() -> Result<PrometheusHandle, TelemetryError> {
    static HANDLE: OnceLock<Result<PrometheusHandle, TelemetryError>> = OnceLock::new();
    HANDLE.get_or_init(|| try_install().map_err(TelemetryError)).clone()
}

fn try_install() -> Result<PrometheusHandle, String> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS_BUCKETS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_bytes".into()), &SIZE_BUCKETS))
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_records".into()), &SIZE_BUCKETS))
        .map_err(|error| error.to_string())?;
    let handle = builder.install_recorder().map_err(|error| error.to_string())?;
    events::describe();
    let kept = handle.clone();
    // Histograms collect samples until somebody folds them; without this a process that nobody scrapes would grow.
    let upkeep = move || {
        loop {
            std::thread::sleep(UPKEEP_INTERVAL);
            kept.run_upkeep();
        }
    };
    std::thread::Builder::new().name("felt-metrics".into()).spawn(upkeep).map_err(|error| error.to_string())?;
    Ok(handle)
}
