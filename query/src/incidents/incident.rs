//! What an incident says, how it is read, and how it is kept.

use crate::documents::{Document, Kind};
use crate::fields::{Fields, Wrong};
use crate::grammar::{FILTERS_MAX, Fault, Filter, rfc3339};
use crate::impact::WINDOW_MS_MAX;
use crate::state::{QueryState, store_problem};
use felt_http::Problem;
use felt_schema::journey::NAME_BYTES_MAX;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most incidents that a site keeps.
pub const INCIDENTS_MAX: usize = 1_000;
const TITLE_BYTES_MAX: usize = 200;
const NOTE_BYTES_MAX: usize = 4_000;
const TIME_BYTES_MAX: usize = 64;
/// Who may have declared it.
const SOURCES: [&str; 3] = ["api", "alert", "chart"];
/// How far ahead of our clock an incident may begin: clocks differ.
const AHEAD_MS_MAX: i64 = 5 * 60_000;

/// An incident, as its document keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// What people call it.
    pub title: String,
    /// When it began, in Unix ms.
    pub from_ms: i64,
    /// When it was over; none while it goes on.
    pub to_ms: Option<i64>,
    /// What was hit: filters of the query grammar, all of which hold.
    pub filters: Vec<String>,
    /// The journey whose losses are told first.
    pub journey: Option<String>,
    /// Whatever else is to be known.
    pub note: Option<String>,
    /// `api`, `alert` or `chart`.
    pub source: String,
}

impl Incident {
    /// Reads one as it is sent.
    ///
    /// # Errors
    /// With every fault of it.
    pub(crate) fn read(mut fields: Fields, now_ms: i64) -> Result<Self, Problem> {
        let mut wrong = Wrong::default();
        let title = fields.required("title", TITLE_BYTES_MAX, &mut wrong);
        let from = fields.required("from", TIME_BYTES_MAX, &mut wrong);
        let to = fields.text("to", TIME_BYTES_MAX, &mut wrong);
        let journey = fields.text("journey", NAME_BYTES_MAX, &mut wrong);
        let note = note(&mut fields, &mut wrong);
        let source = fields.text("source", TIME_BYTES_MAX, &mut wrong).unwrap_or_else(|| SOURCES[0].into());
        if !SOURCES.contains(&source.as_str()) {
            wrong.push(Fault::unknown("source", "source", &source, SOURCES));
        }
        let from_ms = from.and_then(|text| instant("from", &text, &mut wrong));
        let to_ms = to.and_then(|text| instant("to", &text, &mut wrong));
        if from_ms.is_some_and(|from_ms| from_ms > now_ms + AHEAD_MS_MAX) {
            wrong.add("from", "lies in the future");
        }
        if let (Some(from_ms), Some(to_ms)) = (from_ms, to_ms) {
            if to_ms <= from_ms {
                wrong.add("to", "must be later than `from`");
            } else if to_ms - from_ms > WINDOW_MS_MAX {
                wrong.add("to", "an incident is at most 7 days long, because it is compared with the week before");
            }
        }
        let filters = filters(&mut fields, &mut wrong);
        fields.end(&mut wrong);
        let incident =
            title.zip(from_ms).map(|(title, from_ms)| Self { title, from_ms, to_ms, filters, journey, note, source });
        wrong.check(incident)
    }

    /// The site's incidents, each with its id and author.
    pub async fn of_site(state: &QueryState, site: &str) -> Result<Vec<(Document, Self)>, Problem> {
        let documents = Document::of_site(state, Kind::Incident, site).await.map_err(store_problem)?;
        let read = |document: Document| Some((serde_json::from_str(&document.body).ok()?, document));
        Ok(documents.into_iter().filter_map(read).map(|(incident, document)| (document, incident)).collect())
    }

    /// Keeps it under an id.
    pub async fn save(&self, state: &QueryState, site: &str, id: &str, author: &str) -> Result<Document, Problem> {
        let body = serde_json::to_string(self).map_err(|_| Problem::internal())?;
        Document::put(state, Kind::Incident, site, id, &body, author).await.map_err(store_problem)
    }

    /// The id that it gets where nobody names one: its title and day, such as `payment-failed-2026-11-23`.
    pub fn id_of(&self, taken: &[&str]) -> String {
        let mut slug = String::new();
        for letter in self.title.chars().flat_map(char::to_lowercase) {
            if letter.is_ascii_alphanumeric() {
                slug.push(letter);
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        slug.truncate(40);
        let slug = slug.trim_end_matches('-');
        let slug = if slug.is_empty() { "incident" } else { slug };
        let day = rfc3339(self.from_ms);
        let id = format!("{slug}-{}", day.get(..10).unwrap_or_default());
        let numbered = (2..).map(|n| format!("{id}-{n}"));
        std::iter::once(id.clone()).chain(numbered).find(|id| !taken.contains(&id.as_str())).unwrap_or(id)
    }
}

/// The note may have lines, which other texts have not.
fn note(fields: &mut Fields, wrong: &mut Wrong) -> Option<String> {
    let value = fields.take("note")?;
    let fits =
        |text: &&str| text.len() <= NOTE_BYTES_MAX && !text.chars().any(|letter| letter.is_control() && letter != '\n');
    let note = value.as_str().filter(fits).map(str::to_owned);
    if note.is_none() {
        wrong.add("note", format!("must be a text of at most {NOTE_BYTES_MAX} bytes"));
    }
    note.filter(|note| !note.trim().is_empty())
}

fn instant(field: &'static str, text: &str, wrong: &mut Wrong) -> Option<i64> {
    let ms = text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond);
    // The tables count seconds from 1970 in 32 bits.
    let ms = ms.filter(|ms| (0..=4_102_444_800_000).contains(ms));
    if ms.is_none() {
        wrong.add(field, "must be a time as RFC 3339, such as 2026-11-22T10:00:00Z");
    }
    ms
}

fn filters(fields: &mut Fields, wrong: &mut Wrong) -> Vec<String> {
    let items = match fields.take("filters") {
        None => return Vec::new(),
        Some(Value::Array(items)) if items.len() <= FILTERS_MAX => items,
        Some(_) => {
            wrong.add("filters", format!("must be a list of at most {FILTERS_MAX}"));
            return Vec::new();
        }
    };
    let mut filters = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let place = format!("filters[{index}]");
        match item.as_str().map(Filter::parse) {
            Some(Ok(filter)) => filters.push(filter.print()),
            Some(Err(fault)) => wrong.push(Fault { parameter: place, ..fault }),
            None => wrong.add(place, "must be a text, such as `page:is:/checkout`"),
        }
    }
    filters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(title: &str) -> Incident {
        let (filters, source) = (Vec::new(), "api".to_owned());
        let from_ms = 1_795_000_000_000;
        Incident { title: title.into(), from_ms, to_ms: None, filters, journey: None, note: None, source }
    }

    #[test]
    fn an_id_tells_the_title_and_the_day() {
        assert_eq!(incident("Payment failed (502)!").id_of(&[]), "payment-failed-502-2026-11-18");
        assert_eq!(incident("Payment").id_of(&["payment-2026-11-18"]), "payment-2026-11-18-2");
        assert_eq!(incident("支払い").id_of(&[]), "incident-2026-11-18");
        assert!(incident(&"long ".repeat(30)).id_of(&[]).len() <= 64);
    }
}
