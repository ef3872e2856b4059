//! Tells a few broken records from a broken deployment: the former go to the dead letters, the latter stops the processor
//! before it condemns everything.

use crate::ProcessorConfig;
use crate::partition::Ended;
use crate::pipeline::ProcessorError;

/// Records over which the share is taken; older ones weigh half after so many.
const WINDOW_RECORDS: u64 = 100_000;

/// So many one after another are no accident.
const INVALID_IN_A_ROW_MAX: u64 = 100;

/// Counts what could not be read.
pub(crate) struct Validity {
    share_max: f64,
    records_min: u64,
    records: u64,
    invalid: u64,
    unreadable_in_a_row: u64,
    refused_in_a_row: u64,
}

impl Validity {
    pub fn new(config: &ProcessorConfig) -> Self {
        let (share_max, records_min) = (config.invalid_share_max, config.invalid_records_min);
        Self { share_max, records_min, records: 0, invalid: 0, unreadable_in_a_row: 0, refused_in_a_row: 0 }
    }

    /// Counts a range, of whose offsets some could not be read or written; an error when those are too many of the last
    /// ones.
    pub fn add(&mut self, offsets: impl IntoIterator<Item = u64>, invalid: &[u64]) -> Result<(), Ended> {
        if self.records > WINDOW_RECORDS {
            (self.records, self.invalid) = (self.records / 2, self.invalid / 2);
        }
        let mut worst = 0;
        for offset in offsets {
            self.records += 1;
            let unreadable = invalid.binary_search(&offset).is_ok();
            self.unreadable_in_a_row = if unreadable { self.unreadable_in_a_row + 1 } else { 0 };
            worst = worst.max(self.unreadable_in_a_row);
        }
        self.invalid += invalid.len() as u64;
        if worst > INVALID_IN_A_ROW_MAX {
            return Err(self.too_many());
        }
        if self.records >= self.records_min && self.invalid as f64 > self.share_max * self.records as f64 {
            return Err(self.too_many());
        }
        Ok(())
    }

    /// Counts a record that the store refused, alone.
    pub fn refused(&mut self) -> Result<(), Ended> {
        self.refused_in_a_row += 1;
        if self.refused_in_a_row > INVALID_IN_A_ROW_MAX { Err(self.too_many()) } else { Ok(()) }
    }

    /// The store took rows.
    pub fn taken(&mut self) {
        self.refused_in_a_row = 0;
    }

    fn too_many(&self) -> Ended {
        let invalid = self.invalid.max(self.refused_in_a_row);
        Ended::Stop(ProcessorError::TooManyInvalid { invalid, records: self.records.max(invalid) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_broken_records_pass_and_many_stop() {
        let every_tenth: Vec<u64> = (0..90).map(|n| n * 10).collect();
        let mut validity = Validity::new(&ProcessorConfig::default());
        assert!(validity.add(0..900, &every_tenth).is_ok(), "too few to tell");
        let mut validity = Validity::new(&ProcessorConfig::default());
        assert!(validity.add(1_000..11_000, &[]).is_ok());
        assert!(validity.add(0..900, &every_tenth).is_ok());
        for _ in 0..6 {
            assert!(validity.add(0..900, &every_tenth).is_ok());
        }
        let every_third: Vec<u64> = (0..300).map(|n| n * 3).collect();
        assert!(validity.add(0..900, &every_third).is_err());
    }

    #[test]
    fn a_hundred_in_a_row_stop_however_they_are_cut_into_ranges() {
        let mut validity = Validity::new(&ProcessorConfig::default());
        for offset in 0..100 {
            assert!(validity.add([offset], &[offset]).is_ok());
        }
        assert!(validity.add([100], &[]).is_ok(), "a good one between them begins anew");
        let all: Vec<u64> = (0..200).collect();
        assert!(validity.add(0..60, &all[..60]).is_ok());
        assert!(validity.add(60..120, &all[60..120]).is_err());
    }

    #[test]
    fn a_hundred_refused_in_a_row_stop_also_when_each_could_be_read() {
        let mut validity = Validity::new(&ProcessorConfig::default());
        for offset in 0..100 {
            assert!(validity.add([offset], &[]).is_ok());
            assert!(validity.refused().is_ok());
        }
        validity.taken();
        for offset in 100..200 {
            assert!(validity.add([offset], &[]).is_ok());
            assert!(validity.refused().is_ok());
        }
        assert!(validity.refused().is_err());
    }
}
