//! One session as a row: from where to where, on what, and how it felt.

use super::{Happened, View};
use crate::grammar::rfc3339;
use crate::record::{Record, number_or_null};
use felt_schema::anchors::Level;
use felt_schema::happiness::session_points;
use felt_schema::snapshot::EventKind;
use felt_schema::visit::{Span, cut};

/// The most points of a session: four for its worst view, four for its last.
const POINTS_MAX: i64 = 8;

/// A session with what is known of it.
#[derive(Debug, Default)]
pub(super) struct Visit {
    /// In the order of time; never empty.
    pub views: Vec<View>,
    /// In the order of time.
    pub happened: Vec<Happened>,
}

impl Visit {
    /// Puts the page views of one session id together, into as many sessions as they are.
    pub fn of_views(mut views: Vec<View>) -> Vec<Visit> {
        // As the store orders them where it cuts them.
        views.sort_by(|a, b| (a.started_ms, a.span().to_ms, &a.view).cmp(&(b.started_ms, b.span().to_ms, &b.view)));
        let spans: Vec<Span> = views.iter().map(View::span).collect();
        let mut rest = views.into_iter();
        cut(&spans)
            .into_iter()
            .map(|range| Visit { views: rest.by_ref().take(range.len()).collect(), happened: Vec::new() })
            .collect()
    }

    /// Takes what happened in its own views.
    pub fn take(&mut self, happened: &mut Vec<Happened>) {
        let ours = |event: &Happened| self.views.iter().any(|view| view.view == event.view);
        let (ours, others) = std::mem::take(happened).into_iter().partition(ours);
        *happened = others;
        self.happened = ours;
        self.happened.sort_by(|a, b| (a.at_ms, &a.view, a.n).cmp(&(b.at_ms, &b.view, b.n)));
    }

    /// From its first view to the last moment that somebody looked.
    pub fn span(&self) -> Span {
        let from_ms = self.views.first().map_or(0, |view| view.started_ms);
        Span { from_ms, to_ms: self.views.iter().map(|view| view.span().to_ms).max().unwrap_or(from_ms) }
    }

    /// By what it is found again: its session's id, and a second in which it went on, because an id may be kept for ever.
    pub fn id(&self) -> String {
        let session = self.views.first().map_or("", |view| view.session.as_str());
        format!("{session}.{}", self.span().from_ms.div_euclid(1_000))
    }

    /// Its worst view that could be judged; of several the first.
    fn worst(&self) -> Option<&View> {
        let judged = self.views.iter().filter(|view| view.level().is_some());
        judged.fold(None, |worst: Option<&View>, view| match worst {
            Some(worst) if worst.level() >= view.level() => Some(worst),
            _ => Some(view),
        })
    }

    fn last_level(&self) -> Option<Level> {
        self.views.iter().rev().find_map(View::level)
    }

    fn sum(&self, of: impl Fn(&View) -> i64) -> i64 {
        self.views.iter().map(of).sum()
    }

    /// Its row in the list.
    pub fn row(&self) -> Record {
        let none = View::default();
        let (first, last) = (self.views.first().unwrap_or(&none), self.views.last().unwrap_or(&none));
        let (span, worst) = (self.span(), self.worst());
        let points = session_points(self.views.iter().map(View::level));
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let steps = self.happened.iter().filter(|event| event.is(EventKind::Step));
        let steps: Vec<String> = steps.map(|event| format!("{}/{}", event.name, event.step)).collect();
        Record::new()
            .with("session", first.session.as_str())
            .with("id", self.id())
            .with("started_at", rfc3339(span.from_ms))
            .with("ended_at", rfc3339(span.to_ms))
            .with("duration_ms", span.to_ms - span.from_ms)
            .with("views", self.views.len())
            .with("entry_page", first.page.as_str())
            .with("exit_page", last.page.as_str())
            .with("country", text(&first.country))
            .with("device", text(&first.device))
            .with("os", text(&first.os))
            .with("browser", text(&first.browser))
            .with("release", text(&first.release))
            .with("points", points)
            .with("happiness", number_or_null(points.map(|points| 100.0 * points as f64 / POINTS_MAX as f64)))
            .with("worst_level", worst.and_then(View::level).map(Level::name))
            .with("last_level", self.last_level().map(Level::name))
            .with("cause", worst.and_then(|view| text(&view.cause)))
            .with("failed_views", self.sum(|view| i64::from(view.failed)))
            .with("errors", self.sum(|view| view.errors))
            .with("rage_clicks", self.sum(|view| view.rage_clicks))
            .with("has_feedback", self.happened.iter().any(|event| event.is(EventKind::Feedback)))
            .with("steps", steps)
    }
}
