//! How the processor is, for `/readyz`. A store that does not answer makes it degraded, not unready: it holds its position
//! and goes on by itself. Only a processor that stopped is unready.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

/// What a probe is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Working, or idle.
    Ready,
    /// Working as soon as what the text names goes away.
    Degraded(String),
    /// Not working any more, for the reason in the text.
    Stopped(String),
}

/// A shared view of the processor's state. Cheap to clone.
#[derive(Clone, Default)]
pub struct Health(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    troubles: BTreeMap<u32, String>,
    stopped: Option<String>,
}

impl Health {
    /// How it is now.
    pub fn status(&self) -> Status {
        let state = self.0.lock();
        match (&state.stopped, state.troubles.iter().next()) {
            (Some(reason), _) => Status::Stopped(reason.clone()),
            (None, Some((partition, trouble))) => Status::Degraded(format!("partition {partition}: {trouble}")),
            (None, None) => Status::Ready,
        }
    }

    /// `Ok` while it can do its job, also when it must wait; else why not.
    ///
    /// # Errors
    /// The reason for which it stopped.
    pub fn check(&self) -> Result<(), String> {
        match self.status() {
            Status::Stopped(reason) => Err(reason),
            Status::Ready | Status::Degraded(_) => Ok(()),
        }
    }

    pub(crate) fn trouble(&self, partition: u32, what: &str) {
        self.0.lock().troubles.insert(partition, what.to_owned());
    }

    pub(crate) fn well(&self, partition: u32) {
        self.0.lock().troubles.remove(&partition);
    }

    pub(crate) fn stopped(&self, reason: &str) {
        self.0.lock().stopped = Some(reason.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_degrades_and_only_a_stop_is_unready() {
        let health = Health::default();
        assert_eq!(health.status(), Status::Ready);
        health.trouble(3, "clickhouse is away");
        assert_eq!(health.status(), Status::Degraded("partition 3: clickhouse is away".into()));
        assert_eq!(health.check(), Ok(()));
        health.well(3);
        assert_eq!(health.status(), Status::Ready);
        health.stopped("too many records cannot be read");
        assert_eq!(health.check(), Err("too many records cannot be read".into()));
    }
}
