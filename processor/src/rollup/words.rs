//! The words of a batch (sites, pages, countries …) as small numbers, so that cells are found by comparing integers.

use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Index;
use std::sync::Arc;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

/// A word's number within its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Word(u32);

/// All words seen so far.
#[derive(Default)]
pub(super) struct Words {
    texts: Vec<Arc<str>>,
    known: HashTable<u32>,
}

impl Words {
    /// The number of a word, a new one for a new word.
    pub(super) fn learn(&mut self, text: &str) -> Word {
        let texts = &self.texts;
        let equal = |index: &u32| &*texts[*index as usize] == text;
        if let Some(index) = self.known.find(xxh3_64(text.as_bytes()), equal) {
            return Word(*index);
        }
        let index = self.texts.len() as u32;
        self.texts.push(text.into());
        let texts = &self.texts;
        self.known.insert_unique(xxh3_64(text.as_bytes()), index, |index| xxh3_64(texts[*index as usize].as_bytes()));
        Word(index)
    }

    /// Every word.
    pub(super) fn all(&self) -> impl Iterator<Item = Word> {
        (0..self.texts.len() as u32).map(Word)
    }

    /// Each word's place in alphabetical order.
    pub(super) fn ranks(&self) -> PerWord {
        let mut order: Vec<u32> = (0..self.texts.len() as u32).collect();
        order.sort_unstable_by_key(|index| &self.texts[*index as usize]);
        let mut ranks = vec![0; order.len()];
        for (rank, index) in order.into_iter().enumerate() {
            ranks[index as usize] = rank as u32;
        }
        PerWord(ranks)
    }
}

impl Index<Word> for Words {
    type Output = Arc<str>;
    fn index(&self, word: Word) -> &Arc<str> {
        &self.texts[word.0 as usize]
    }
}

/// A number for each word.
pub(super) struct PerWord(Vec<u32>);

impl FromIterator<u32> for PerWord {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        Self(numbers.into_iter().collect())
    }
}

impl Index<Word> for PerWord {
    type Output = u32;
    fn index(&self, word: Word) -> &u32 {
        &self.0[word.0 as usize]
    }
}

/// Hashes keys made of small integers: one multiplication each. The integers are our own numbering, so nobody outside can
/// choose them to collide.
pub(super) type WordHasher = BuildHasherDefault<Multiply>;

#[derive(Default)]
pub(super) struct Multiply(u64);

impl Multiply {
    fn mix(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(23) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for Multiply {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.mix(u64::from(*byte));
        }
    }
    fn write_u8(&mut self, value: u8) {
        self.mix(u64::from(value));
    }
    fn write_u16(&mut self, value: u16) {
        self.mix(u64::from(value));
    }
    fn write_u32(&mut self, value: u32) {
        self.mix(u64::from(value));
    }
    fn write_isize(&mut self, value: isize) {
        self.mix(value as u64);
    }
}
