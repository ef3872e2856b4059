//! Paging: a cursor says where the next page begins and which time all pages are about, and belongs to one question.

use crate::grammar::{DAY_MS, Fault, Query, RANGE_DAYS_MAX};
use crate::planner::Window;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Where a page of rows begins, and the time that all pages are about. Opaque to callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub skip: usize,
    pub from_ms: i64,
    pub to_ms: i64,
}

impl Cursor {
    /// The cursor of a question, if it has one.
    pub fn of(query: &Query) -> Result<Option<Cursor>, Fault> {
        let Some(text) = &query.cursor else { return Ok(None) };
        let wrong = || Fault::new("cursor", "this cursor is not of this question: begin without one");
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
        let parts: Value = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
        let number = |index: usize| parts[index].as_i64().ok_or_else(wrong);
        let (skip, from_ms, to_ms) = (number(0)?, number(1)?, number(2)?);
        let cursor = Cursor { skip: usize::try_from(skip).map_err(|_| wrong())?, from_ms, to_ms };
        let length_max_ms = (i64::from(RANGE_DAYS_MAX) + 1) * DAY_MS;
        let sane = from_ms >= 0 && from_ms < to_ms && to_ms < 4_200_000_000_000 && to_ms - from_ms <= length_max_ms;
        if sane && parts[3] == seal(query).as_str() { Ok(Some(cursor)) } else { Err(wrong()) }
    }

    /// The query string of the page that begins after `skip` rows of the answer about `window`.
    pub fn next(query: &Query, skip: usize, window: Window) -> String {
        let cursor = Cursor { skip, from_ms: window.from_ms, to_ms: window.to_ms };
        Query { cursor: Some(cursor.print(query)), ..query.clone() }.print()
    }

    /// How many rows a question's page leaves out before it begins.
    pub fn skip_of(query: &Query) -> usize {
        Self::of(query).ok().flatten().map_or(0, |cursor| cursor.skip)
    }

    fn print(&self, query: &Query) -> String {
        let parts = Value::from(vec![
            Value::from(self.skip),
            Value::from(self.from_ms),
            Value::from(self.to_ms),
            Value::from(seal(query)),
        ]);
        URL_SAFE_NO_PAD.encode(parts.to_string())
    }
}

/// Ties a cursor to its question; the length of pages may change on the way.
fn seal(query: &Query) -> String {
    let question = Query { cursor: None, limit: query.call.default_limit(), ..query.clone() };
    let digest = Sha256::digest(question.print());
    digest[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}
