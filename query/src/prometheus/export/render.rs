//! Totals as the text that is scraped.

use super::counts::{SLO_NAME, VIEWS_NAME};
use super::ledger::{COUNT, SUM, Series};
use crate::prometheus::families::{COUNTERS, Family, HISTOGRAMS, SLI_GOOD, SLI_VALID, UNJUDGED, VIEWS};
use crate::prometheus::series_text::Text;
use crate::slos::Promise;
use felt_schema::anchors::Level;
use felt_schema::histogram::bucket_of;

/// Days after which a page that nothing arrives for any more has no series.
const SHOWN_DAYS: u16 = 7;
/// Most series of one histogram. The largest are shown.
const SERIES_MAX: usize = 500;

/// The whole text.
pub fn text(series: &[Series], promises: &[Promise]) -> String {
    let mut text = Text::default();
    for (name, help) in COUNTERS {
        text.family(name, "counter", help);
        match name {
            VIEWS => views(&mut text, series),
            other => slis(&mut text, other, series, promises),
        }
    }
    let newest =
        series.iter().filter(|series| series.name == VIEWS_NAME).map(|series| series.last_day).max().unwrap_or(0);
    for family in &HISTOGRAMS {
        text.family(family.name, "histogram", &family.help());
        let is_shown = |series: &&Series| {
            series.name == family.metric.name()
                && series.last_day.saturating_add(SHOWN_DAYS) >= newest
                && total(series, COUNT) > 0
        };
        let mut shown: Vec<&Series> = series.iter().filter(is_shown).collect();
        if shown.len() > SERIES_MAX {
            shown.sort_by_key(|series| std::cmp::Reverse(total(series, COUNT)));
            shown.truncate(SERIES_MAX);
        }
        shown.into_iter().for_each(|series| histogram(&mut text, family, series));
    }
    text.finish()
}

fn total(series: &Series, number: u16) -> i64 {
    series.totals.get(&number).copied().unwrap_or(0)
}

/// The names of levels in the order of the totals.
fn level_names() -> impl Iterator<Item = (u16, &'static str)> {
    (0..).zip(Level::ALL.map(Level::name).into_iter().chain([UNJUDGED]))
}

fn views(text: &mut Text, series: &[Series]) {
    let views = series.iter().find(|series| series.name == VIEWS_NAME);
    for (number, level) in level_names() {
        text.sample(VIEWS, &[("level", level)], views.map_or(0, |views| total(views, number)) as f64);
    }
}

fn slis(text: &mut Text, name: &str, series: &[Series], promises: &[Promise]) {
    let number = u16::from(name == SLI_VALID);
    debug_assert!(number == 1 || name == SLI_GOOD);
    for promise in promises {
        let of_it = series.iter().filter(|series| series.name == SLO_NAME && series.subject == promise.slo.id);
        let sum: i64 = of_it.map(|series| total(series, number)).sum();
        text.sample(name, &[("slo", &promise.slo.id), ("journey", promise.journey())], sum as f64);
    }
}

fn histogram(text: &mut Text, family: &Family, series: &Series) {
    let (page, device) = (("page", series.subject.as_str()), ("device", series.part.as_str()));
    let bucket = format!("{}_bucket", family.name);
    let mut below = 0;
    for (edge, le) in family.edges {
        // An edge that was added later begins at what is below it.
        below = total(series, bucket_of(*edge)).max(below);
        text.sample(&bucket, &[page, device, ("le", le)], below as f64);
    }
    let count = total(series, COUNT).max(below) as f64;
    text.sample(&bucket, &[page, device, ("le", "+Inf")], count);
    text.sample(&format!("{}_sum", family.name), &[page, device], total(series, SUM) as f64 / family.micro_per_unit());
    text.sample(&format!("{}_count", family.name), &[page, device], count);
}
