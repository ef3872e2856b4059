//! The store of the model: three tables that each remember tokens, one for dead letters, and records that they refuse.

use std::collections::{BTreeMap, BTreeSet};

/// Tables in the order in which a range is written; the last takes dead letters.
pub const TABLES: usize = 3;

/// A table that takes what others refuse.
pub const DEAD_LETTERS: usize = TABLES;

/// What a table says to an insert that it will never take.
#[derive(Debug)]
pub struct Refused;

/// Tokens seen, and how often each record was counted.
#[derive(Default)]
struct Table {
    tokens: BTreeSet<String>,
    counted: BTreeMap<String, u64>,
}

/// Tables, and what is wrong with some records.
pub struct Store {
    tables: [Table; TABLES + 1],
    /// One record in so many is refused by the first table, for ever; 0 = none.
    poison: u64,
    /// One in so many by the second, until it is mended.
    defect: u64,
    expected: Vec<String>,
}

impl Store {
    /// `poison` says which records are refused, and where.
    pub fn new(poison: u8) -> Self {
        let (poison, defect) = (u64::from(poison % 4) * 5, u64::from(poison / 4 % 3) * 7);
        Self { tables: Default::default(), poison, defect, expected: Vec::new() }
    }

    /// The records that are to be counted.
    pub fn expect(&mut self, values: Vec<String>) {
        self.expected = values;
    }

    fn is_nth(value: &str, nth: u64) -> bool {
        nth > 0 && value.parse::<u64>().is_ok_and(|value| value % nth == nth - 1)
    }

    /// An insert of one block under a token: all of it, or nothing.
    pub fn insert(&mut self, table: usize, token: &str, values: &[String]) -> Result<(), Refused> {
        let refuses = |value: &String| match table {
            0 => Self::is_nth(value, self.poison),
            1 => Self::is_nth(value, self.defect),
            _ => false,
        };
        if values.iter().any(refuses) {
            return Err(Refused);
        }
        let table = &mut self.tables[table];
        if table.tokens.insert(token.to_owned()) {
            values.iter().for_each(|value| *table.counted.entry(value.clone()).or_default() += 1);
        }
        Ok(())
    }

    /// The second table takes everything from now on.
    pub fn mend(&mut self) {
        self.defect = 0;
    }

    /// Whether every expected record was counted once: in all tables, or as a dead letter.
    pub fn verdict(&self) -> Result<(), String> {
        self.verdict_of(self.expected.clone())
    }

    /// The same of these records; of no record more than once.
    pub fn verdict_of(&self, values: Vec<String>) -> Result<(), String> {
        for (number, table) in self.tables.iter().enumerate() {
            if let Some((value, count)) = table.counted.iter().find(|(_, count)| **count > 1) {
                return Err(format!("record {value} counts {count} times in table {number}"));
            }
        }
        for value in values {
            let dead = Self::is_nth(&value, self.poison);
            for (number, table) in self.tables.iter().enumerate() {
                let wanted = (number == DEAD_LETTERS) == dead;
                if table.counted.contains_key(&value) != wanted {
                    return Err(format!("record {value} is missing in table {number}, or should not be there"));
                }
            }
        }
        Ok(())
    }
}
