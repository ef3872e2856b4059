//! The rules of declare and advance for one partition, as pure state: both logs hold their callers to exactly these, and the
//! zombie model in the tests plays them at random.

use crate::{DeclaredRange, Position};

/// How far one partition is, and what is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    next: u64,
    open: Option<DeclaredRange>,
    epoch: u32,
}

impl Cursor {
    /// A cursor where a claim found the partition.
    pub fn at(position: Position) -> Self {
        Self { next: position.next, open: position.open, epoch: position.epoch }
    }

    /// What a claim would answer.
    pub fn position(&self) -> Position {
        Position { next: self.next, open: self.open, epoch: self.epoch }
    }

    /// Opens `first..=last`. While a range is open only its own start may be declared again (the same range, or a shorter one
    /// when a batch is bisected); otherwise `first` may skip a gap but never go back.
    pub fn declare(&mut self, first: u64, last: u64) -> Result<DeclaredRange, String> {
        if last < first {
            return Err(format!("declared range {first} to {last} is empty: last must not be before first"));
        }
        match self.open {
            Some(open) if first != open.first || last > open.last => {
                return Err(format!(
                    "range {} to {} is open: advance past it, or declare a shorter one from {} before {first} to {last}",
                    open.first, open.last, open.first
                ));
            }
            None if first < self.next => {
                return Err(format!("offset {first} is done already: declare from {} on", self.next));
            }
            _ => {}
        }
        let range = DeclaredRange { first, last };
        self.open = Some(range);
        self.next = first;
        Ok(range)
    }

    /// Moves to `next`: past the open range, or forward over offsets that need no rows.
    pub fn advance(&mut self, next: u64) -> Result<(), String> {
        if let Some(open) = self.open
            && next <= open.last
        {
            return Err(format!(
                "advance to {next} stops inside the open range {} to {}: declare a shorter one first",
                open.first, open.last
            ));
        }
        if next < self.next {
            return Err(format!("advance to {next} goes back from {}", self.next));
        }
        self.next = next;
        self.open = None;
        Ok(())
    }
}
