//! The story of a visit: what was looked at and what happened, in the order of time.

use super::visit::Visit;
use super::{Happened, View};
use crate::grammar::rfc3339;
use crate::record::{Record, number, number_or_null};
use felt_schema::anchors::Level;
use felt_schema::metric::Metric;
use felt_schema::snapshot::EventKind;
use serde_json::Value;

/// Columns that every line has: a view's metrics are null where something else is told.
const METRICS: [Metric; 6] = [Metric::Lcp, Metric::Inp, Metric::Cls, Metric::Fcp, Metric::Ttfb, Metric::Usable];

/// The lines of a visit. A view comes before what happened in it.
pub(super) fn timeline(visit: &Visit) -> Vec<Record> {
    let mut lines: Vec<(i64, bool, Record)> = Vec::with_capacity(visit.views.len() + visit.happened.len());
    lines.extend(visit.views.iter().map(|view| (view.started_ms, false, of_view(view))));
    for event in &visit.happened {
        let view = visit.views.iter().find(|view| view.view == event.view);
        lines.push((event.at_ms, true, of_event(event, view)));
    }
    // Stable: what happened at the same moment stays as the page told it.
    lines.sort_by_key(|(at_ms, happened, _)| (*at_ms, *happened));
    lines.into_iter().map(|(_, _, line)| line).collect()
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

fn of_view(view: &View) -> Record {
    let mut line = Record::new()
        .with("at", rfc3339(view.started_ms))
        .with("type", "view")
        .with("page", view.page.as_str())
        .with("view", view.view.as_str())
        .with("level", view.level().map(Level::name))
        .with("cause", text(&view.cause));
    for metric in METRICS {
        line.push(metric.name(), number_or_null(view.value(metric)));
    }
    line.with("path", text(&view.path))
        .with("title", text(&view.title))
        .with("nav", text(&view.nav))
        .with("referrer", text(&view.referrer))
        .with("status", Some(view.status).filter(|&status| status > 0))
        .with("failed", view.failed)
        .with("left_ms", view.left_ms())
        .with("errors", view.errors)
        .with("rage_clicks", view.rage_clicks)
        .with("dead_clicks", view.dead_clicks)
        .with("failed_requests", view.failed_requests)
}

/// Something that happened, with the fields that its kind has, and what its view felt like.
fn of_event(event: &Happened, view: Option<&View>) -> Record {
    let mut line = Record::new()
        .with("at", rfc3339(event.at_ms))
        .with("type", event.kind.as_str())
        .with("page", view.map_or(event.page.as_str(), |view| view.page.as_str()))
        .with("view", event.view.as_str())
        .with("level", view.and_then(View::level).map(Level::name))
        .with("cause", view.map_or(Value::Null, |view| text(&view.cause)));
    let figure = |value: Option<f64>| value.map_or(Value::Null, number);
    let fields: &[(&str, Value)] = &match EventKind::from_name(&event.kind) {
        Some(EventKind::Error) => vec![
            ("message", text(&event.message)),
            ("source", text(&event.source)),
            ("stack", text(&event.stack)),
            ("fatal", Value::from(event.text == "fatal")),
        ],
        Some(EventKind::Timing) => vec![("name", text(&event.name)), ("value", figure(event.value))],
        Some(EventKind::Step) => vec![
            ("journey", text(&event.name)),
            ("step", text(&event.step)),
            ("amount", figure(event.value)),
            ("currency", text(&event.currency)),
            ("failed", Value::from(event.text == "failed")),
        ],
        Some(EventKind::Request) => {
            vec![("url", text(&event.url)), ("status", event.status.into()), ("duration", figure(event.duration))]
        }
        Some(EventKind::RageClick | EventKind::DeadClick) => vec![("target", text(&event.target))],
        Some(EventKind::LongFrame) => vec![
            ("duration", figure(event.duration)),
            ("blocking", figure(event.blocking)),
            ("script", text(&event.script)),
        ],
        Some(EventKind::Feedback) => {
            vec![("score", figure(event.score)), ("of", figure(event.of)), ("text", text(&event.text))]
        }
        None => Vec::new(),
    };
    for (name, value) in fields {
        line.push(*name, value.clone());
    }
    line
}
