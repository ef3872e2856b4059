//! Tells a few broken records from a broken deployment: the former go to the dead letters, the latter stops the processor
//! before it condemns everything.

use crate::ProcessorConfig;
use crate::partition::Ended;
use crate::pipeline::ProcessorError;

/// Records over which the share is taken; older ones weigh half after so many.
const WINDOW_RECORDS: u64 = 100_000;

/// So many condemned one after another are no accident.
const CONDEMNED_IN_A_ROW_MAX: u64 = 100;

/// Counts what could not be read.
pub(crate) struct Validity {
    share_max: f64,
    records_min: u64,
    records: u64,
    invalid: u64,
    condemned_in_a_row: u64,
}

impl Validity {
    pub fn new(config: &ProcessorConfig) -> Self {
        let (share_max, records_min) = (config.invalid_share_max, config.invalid_records_min);
        Self { share_max, records_min, records: 0, invalid: 0, condemned_in_a_row: 0 }
    }

    /// Counts a range; an error when too many of the last ones could not be read.
    pub fn add(&mut self, records: usize, invalid: usize) -> Result<(), Ended> {
        if self.records > WINDOW_RECORDS {
            (self.records, self.invalid) = (self.records / 2, self.invalid / 2);
        }
        self.records += records as u64;
        self.invalid += invalid as u64;
        if invalid < records {
            self.condemned_in_a_row = 0;
        }
        if self.records >= self.records_min && self.invalid as f64 > self.share_max * self.records as f64 {
            return Err(self.too_many());
        }
        Ok(())
    }

    /// Counts a record that the store refused.
    pub fn condemned(&mut self) -> Result<(), Ended> {
        self.condemned_in_a_row += 1;
        if self.condemned_in_a_row > CONDEMNED_IN_A_ROW_MAX { Err(self.too_many()) } else { Ok(()) }
    }

    fn too_many(&self) -> Ended {
        let invalid = self.invalid.max(self.condemned_in_a_row);
        Ended::Stop(ProcessorError::TooManyInvalid { invalid, records: self.records.max(invalid) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_broken_records_pass_and_many_stop() {
        let mut validity = Validity::new(&ProcessorConfig::default());
        assert!(validity.add(900, 900).is_ok(), "too few to tell");
        let mut validity = Validity::new(&ProcessorConfig::default());
        assert!(validity.add(10_000, 500).is_ok());
        assert!(validity.add(1_000, 100).is_err());
    }

    #[test]
    fn a_hundred_refused_in_a_row_stop() {
        let mut validity = Validity::new(&ProcessorConfig::default());
        for _ in 0..100 {
            assert!(validity.condemned().is_ok());
            assert!(validity.add(1, 1).is_ok());
        }
        assert!(validity.condemned().is_err());
    }
}
