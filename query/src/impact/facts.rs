//! Views of the rows that came: whose each was, which step of a journey it took, what was ordered on it.

use crate::journeys::definition::Known;
use felt_schema::anchors::Level;
use felt_schema::impact::View;
use felt_schema::journey::Reach;
use felt_store::JsonRow;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// Parts of an amount's unit that are told apart.
pub const AMOUNT_PARTS: f64 = 10_000.0;

/// A view of a visit that touches the window or its control.
#[derive(Debug, Clone)]
struct Seen {
    at_ms: i64,
    session: u64,
    page: u64,
    failed: bool,
    level: Option<Level>,
    counts: bool,
    /// The places among the page steps of all journeys.
    matching: Vec<usize>,
}

/// A step that an event told, or a page that is one.
#[derive(Debug, Clone)]
struct Taken {
    journey: usize,
    step: u8,
    /// In ten-thousandths, with its currency.
    amount: Option<(i64, String)>,
}

/// A step of a visit that does not touch the window.
#[derive(Debug, Clone)]
struct Later {
    at_ms: i64,
    session: u64,
    failed: bool,
    taken: Taken,
}

/// All that was read.
#[derive(Debug, Default)]
pub struct Facts {
    seen: HashMap<u64, Seen>,
    steps: HashMap<u64, Vec<Taken>>,
    /// One view of each other visit, at its true time.
    others: Vec<(i64, u64)>,
    later: HashMap<(u64, usize, u8), Later>,
    visitors: HashMap<u64, u64>,
}

/// Reads a row from left to right; what is missing reads as nothing.
struct Columns<'r>(std::slice::Iter<'r, Value>);

impl Columns<'_> {
    fn hash(&mut self) -> u64 {
        self.0.next().and_then(Value::as_u64).unwrap_or(0)
    }

    fn int(&mut self) -> i64 {
        self.0.next().and_then(Value::as_i64).unwrap_or(0)
    }

    fn text(&mut self) -> String {
        self.0.next().and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn amount(&mut self) -> Option<i64> {
        let amount = self.0.next().and_then(Value::as_f64)?;
        Some((amount * AMOUNT_PARTS).round() as i64)
    }

    fn places(&mut self) -> Vec<usize> {
        let places = self.0.next().and_then(Value::as_array).into_iter().flatten();
        places.filter_map(|place| usize::try_from(place.as_u64()?).ok()).collect()
    }
}

impl Facts {
    /// Takes in what [`super::statements::Cohort::seen`] gave.
    pub fn add_seen(&mut self, rows: &[JsonRow]) {
        for row in rows {
            let mut columns = Columns(row.iter());
            let (at_ms, session, visitor, page) = (columns.int(), columns.hash(), columns.hash(), columns.hash());
            let (failed, level, counts) = (columns.int() != 0, columns.int(), columns.int() != 0);
            let view = columns.hash();
            let level = usize::try_from(level).ok().and_then(|level| Level::ALL.get(level).copied());
            self.recognise(session, visitor);
            // The visits of the window and of its control may be the same where the two are close.
            let known = self.seen.entry(view).or_insert_with(|| Seen {
                at_ms,
                session,
                page,
                failed,
                level,
                counts,
                matching: columns.places(),
            });
            known.counts |= counts;
        }
    }

    /// Takes in what [`super::statements::Cohort::steps`] gave.
    pub fn add_steps(&mut self, rows: &[JsonRow], journeys: &[Known]) {
        for row in rows {
            let mut columns = Columns(row.iter());
            let (_, view, _) = (columns.hash(), columns.hash(), columns.int());
            if let Some(taken) = taken(&mut columns, journeys) {
                self.steps.entry(view).or_default().push(taken);
            }
        }
    }

    /// Takes in what [`super::statements::Cohort::visits_in`] gave.
    pub fn add_visits(&mut self, rows: &[JsonRow]) {
        for row in rows {
            let mut columns = Columns(row.iter());
            let (visitor, session, at_ms) = (columns.hash(), columns.hash(), columns.int());
            self.recognise(session, visitor);
            self.others.push((at_ms, session));
        }
    }

    /// Takes in what [`super::statements::Cohort::steps_in`] gave, after [`Facts::add_seen`].
    pub fn add_later_steps(&mut self, rows: &[JsonRow], journeys: &[Known]) {
        for row in rows {
            let mut columns = Columns(row.iter());
            let (session, view, at_ms) = (columns.hash(), columns.hash(), columns.int());
            let Some(taken) = taken(&mut columns, journeys) else { continue };
            let failed = columns.int() != 0;
            self.add_later(view, Later { at_ms, session, failed, taken });
        }
    }

    /// Takes in what [`super::statements::Cohort::pages_in`] gave, after [`Facts::add_seen`]; `steps` are the journey and step of each
    /// pattern.
    pub fn add_later_pages(&mut self, rows: &[JsonRow], steps: &[(usize, u8)]) {
        for row in rows {
            let mut columns = Columns(row.iter());
            let (visitor, session, at_ms) = (columns.hash(), columns.hash(), columns.int());
            let (failed, view) = (columns.int() != 0, columns.hash());
            self.recognise(session, visitor);
            for (journey, step) in columns.places().into_iter().filter_map(|place| steps.get(place).copied()) {
                let taken = Taken { journey, step, amount: None };
                self.add_later(view, Later { at_ms, session, failed, taken });
            }
        }
    }

    fn add_later(&mut self, view: u64, later: Later) {
        if !self.seen.contains_key(&view) {
            self.later.insert((view, later.taken.journey, later.taken.step), later);
        }
    }

    fn recognise(&mut self, session: u64, visitor: u64) {
        if visitor != 0 {
            self.visitors.insert(session, visitor);
        }
    }

    /// Whether anybody who counts agreed to be recognised.
    pub fn any_recognised(&self) -> bool {
        !self.visitors.is_empty()
    }

    /// Everybody who agreed to be recognised.
    pub fn recognised(&self) -> HashSet<u64> {
        self.visitors.values().copied().collect()
    }

    fn person(&self, session: u64) -> u64 {
        self.visitors.get(&session).copied().unwrap_or(session)
    }

    /// The views in order of time, with the steps of the journey at `place` of `journeys` and the orders in `currency` at its last step.
    /// Without a journey every view that counts is a step of one, so that the load of all pages can be compared.
    pub fn views(
        &self,
        journeys: &[Known],
        place: Option<usize>,
        page_steps: &[(usize, u8)],
        currency: &str,
    ) -> Vec<View> {
        let last = place.and_then(|place| journeys.get(place)).map_or(0, |known| known.journey.last());
        let paid = |taken: &Taken| {
            let (amount, of) = taken.amount.as_ref()?;
            (usize::from(taken.step) == last && of == currency).then_some(*amount)
        };
        let mut views: Vec<View> = Vec::with_capacity(self.seen.len() + self.others.len() + self.later.len());
        for (view, seen) in &self.seen {
            let by_page = seen.matching.iter().filter_map(|place| page_steps.get(*place));
            let by_page = by_page.filter(|(journey, _)| Some(*journey) == place).map(|(_, step)| *step);
            let by_event = || self.steps.get(view).into_iter().flatten().filter(|taken| Some(taken.journey) == place);
            let amounts: Vec<i64> = by_event().filter_map(paid).collect();
            views.push(View {
                at_ms: seen.at_ms,
                person: self.person(seen.session),
                session: seen.session,
                page: seen.page,
                counts: seen.counts,
                step: if place.is_none() { Some(0) } else { by_event().map(|taken| taken.step).chain(by_page).max() },
                failed: seen.failed,
                level: seen.level,
                paid: (!amounts.is_empty()).then(|| amounts.iter().sum()),
            });
        }
        let other = |at_ms: i64, session: u64| View {
            at_ms,
            person: self.person(session),
            session,
            page: 0,
            counts: false,
            step: None,
            failed: false,
            level: None,
            paid: None,
        };
        views.extend(self.others.iter().map(|(at_ms, session)| other(*at_ms, *session)));
        let later = self.later.values().filter(|later| Some(later.taken.journey) == place);
        views.extend(later.map(|later| View {
            step: Some(later.taken.step),
            failed: later.failed,
            paid: paid(&later.taken),
            ..other(later.at_ms, later.session)
        }));
        // Ties in one order, whatever order the store gave them in.
        views.sort_by_key(|view| (view.at_ms, view.session, view.page, view.step));
        views
    }
}

/// The step that an event told, if one of the journeys has it.
fn taken(columns: &mut Columns<'_>, journeys: &[Known]) -> Option<Taken> {
    let (name, step, amount, currency) = (columns.text(), columns.text(), columns.amount(), columns.text());
    let journey = journeys.iter().position(|known| known.id == name)?;
    let mut steps = journeys[journey].journey.steps.iter();
    let place = steps.position(|of| matches!(&of.reach, Reach::Step(known) if *known == step))?;
    Some(Taken { journey, step: u8::try_from(place).ok()?, amount: amount.map(|amount| (amount, currency)) })
}
