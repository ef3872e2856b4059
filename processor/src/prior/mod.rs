//! The earlier snapshots of the views in a batch, without which a later one would count twice.
//!
//! What counts is always the highest `seq` in the store or earlier in the batch. Two things only make that cheaper: a
//! bounded memory of the views of the last while ([`recent`]) answers for most, one question to the store per batch
//! ([`lookup`]) for the rest.

pub mod lookup;
pub mod recent;

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use felt_schema::rows::{PageViewRow, ViewStateRow};
use xxhash_rust::xxh3::xxh3_64;

use crate::identity::Identity;
use crate::state::ViewRows;

/// A view's number in the memories: its id's hash and its site's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ViewKey(u64);

impl ViewKey {
    /// The key of a view.
    pub fn new(site: &str, view: &str) -> Self {
        Self::of_hash(site, ViewStateRow::hash_of(view))
    }

    /// The key of a view whose id's hash is known.
    pub fn of_hash(site: &str, view_hash: u64) -> Self {
        Self(view_hash ^ xxh3_64(site.as_bytes()).rotate_left(17))
    }
}

/// A map by [`ViewKey`].
pub(crate) type ByView<T> = HashMap<ViewKey, T, BuildHasherDefault<Identity>>;

/// What is known about the views of one batch before it.
#[derive(Clone, Debug, Default)]
pub struct Priors {
    states: ByView<Vec<ViewRows>>,
    /// When a range is replayed, the rows of it that are written already, by offset.
    written: HashMap<u64, PageViewRow>,
}

impl Priors {
    /// Takes in an earlier state; the highest `seq` of a view stays.
    pub fn add(&mut self, rows: ViewRows) {
        let held = self.states.entry(ViewKey::new(&rows.view.site, &rows.view.view)).or_default();
        match held.iter_mut().find(|held| held.view.site == rows.view.site && held.view.view == rows.view.view) {
            Some(held) if held.view.seq < rows.view.seq => *held = rows,
            Some(_) => {}
            None => held.push(rows),
        }
    }

    /// Takes in a row that an earlier try at the same range wrote.
    pub fn add_written(&mut self, row: PageViewRow) {
        self.written.insert(row.log_offset, row);
    }

    /// How many views have an earlier state.
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// The earlier state of a view.
    pub fn of(&self, site: &str, view: &str) -> Option<&ViewRows> {
        let held = self.states.get(&ViewKey::new(site, view))?;
        held.iter().find(|held| held.view.site == site && held.view.view == view)
    }

    /// The row that an earlier try wrote for the record at `offset`, if it is of that view: what is written stays as it is,
    /// also when today's budgets would have named it differently.
    pub fn written(&self, offset: u64, view: &str, seq: u32) -> Option<&PageViewRow> {
        self.written.get(&offset).filter(|row| row.view == view && row.seq == seq)
    }
}
