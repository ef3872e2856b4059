//! What selectors give: counts of minutes or hours from the store, summed to what each point of time asks for.
//!
//! The minute of a point counts as a whole, so that what was just received is seen. What is older than minutes are kept is told by the hour.

use super::plan::{Selector, Window};
use super::value::{Labels, NAME, Series, labels};
use super::{PromqlError, SAMPLES_MAX, SERIES_MAX};
use crate::grammar::{DAY_MS, Dimension, Filter, HOUR_MS, MINUTE_MS, Measure, Op, RANGE_DAYS_MAX, Who};
use crate::planner::scope::{Scope, SiteTable};
use crate::planner::{Ask, Group, MINUTES_KEPT_DAYS, Row, Window as Span};
use crate::prometheus::export::{COUNT, totals_of};
use crate::prometheus::families::{Family, HISTOGRAMS, Part, SLI_GOOD, SLI_VALID, UNJUDGED, VIEWS};
use crate::slos::Promise;
use crate::state::{QueryState, store_problem};
use felt_http::Problem;
use felt_schema::anchors::Level;
use felt_store::Param;
use std::collections::BTreeMap;

/// Edges of one statement: they travel in its address.
const EDGES_PER_STATEMENT: usize = 1_000;
/// Most readings, names times sites, of one selector.
const READINGS_MAX: usize = 60;

/// Why a selector could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// The store's reason.
    Problem(Problem),
    /// The expression's.
    Promql(PromqlError),
}

impl From<Problem> for ReadError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// The start of the minute.
pub fn minute_floor(ms: i64) -> i64 {
    ms.div_euclid(MINUTE_MS) * MINUTE_MS
}

/// Every name that a series can have.
pub fn names() -> Vec<String> {
    let of_family = |family: &Family| Part::ALL.map(|(_, end)| format!("{}{end}", family.name));
    [VIEWS, SLI_VALID, SLI_GOOD].map(str::to_owned).into_iter().chain(HISTOGRAMS.iter().flat_map(of_family)).collect()
}

/// Reads for the points of one evaluation.
pub struct Reader<'a> {
    /// The store and what belongs to it.
    pub state: &'a QueryState,
    /// The sites that may be read.
    pub sites: &'a [String],
    /// The points, ascending.
    pub times_ms: &'a [i64],
}

/// The spans of all points, and the edges between which has to be counted.
struct Grid {
    /// From and to, for each point that does not lie in the future; without a from, everything before.
    spans: Vec<Option<(Option<i64>, i64)>>,
    edges: Vec<i64>,
}

/// The counts of one group of views between two edges each.
struct Block {
    labels: Labels,
    /// For each component what was counted before each edge.
    before: Vec<Vec<f64>>,
}

/// What a name stands for.
enum Source {
    Views,
    Promises(usize),
    Histogram(&'static Family, Part),
}

impl Source {
    fn of(name: &str) -> Option<Self> {
        match name {
            VIEWS => Some(Self::Views),
            SLI_GOOD => Some(Self::Promises(0)),
            SLI_VALID => Some(Self::Promises(1)),
            other => Family::of_series(other).map(|(family, part)| Self::Histogram(family, part)),
        }
    }

    /// The label that tells the components of a block apart, and its values.
    fn components(&self) -> (&'static str, Vec<&'static str>) {
        match self {
            Self::Views => ("level", Level::ALL.map(Level::name).into_iter().chain([UNJUDGED]).collect()),
            Self::Histogram(family, Part::Bucket) => {
                ("le", family.edges.iter().map(|(_, le)| *le).chain(["+Inf"]).collect())
            }
            Self::Promises(_) | Self::Histogram(..) => ("", vec![""]),
        }
    }
}

impl Reader<'_> {
    /// The series of a selector at every point.
    pub async fn read(&self, selector: &Selector) -> Result<Vec<Series>, ReadError> {
        let names: Vec<String> = names().into_iter().filter(|name| selector.allows(NAME, name)).collect();
        let sites: Vec<&String> = self.sites.iter().filter(|site| selector.allows("site", site)).collect();
        if names.len() * sites.len() > READINGS_MAX {
            let detail = format!(
                "{} metrics of {} sites are too many for one selector: name the metric, or the site",
                names.len(),
                sites.len()
            );
            return Err(ReadError::Promql(PromqlError::Execution(detail)));
        }
        let grid = Grid::of(self.times_ms, selector, self.state.clock.now_ms());
        let mut series = Vec::new();
        for site in sites {
            for name in &names {
                let Some(source) = Source::of(name) else { continue };
                let blocks = match source {
                    Source::Promises(which) => self.promises(site, which, &grid, selector).await?,
                    Source::Views | Source::Histogram(..) => self.cells(site, &source, &grid, selector).await?,
                };
                grid.series(name, site, &source, blocks, selector, &mut series)?;
            }
        }
        Ok(series)
    }

    /// Counts of page views and of their values.
    async fn cells(
        &self,
        site: &str,
        source: &Source,
        grid: &Grid,
        selector: &Selector,
    ) -> Result<Vec<Block>, ReadError> {
        let (measure, histograms, dimensions) = match source {
            Source::Histogram(family, part) => {
                let needed = [("page", Dimension::Page), ("device", Dimension::Device)]
                    .into_iter()
                    .filter(|(name, _)| selector.needs(name));
                (Measure::Value(family.metric), *part == Part::Bucket, needed.collect())
            }
            Source::Views | Source::Promises(_) => (Measure::Happiness, false, Vec::new()),
        };
        let mut ask = Ask {
            measures: vec![measure],
            by: dimensions.iter().map(|(_, dimension): &(_, Dimension)| dimension.clone()).collect(),
            histograms,
            ..Ask::counts(&filters(selector, &dimensions), Who::Humans)
        };
        let width = source.components().1.len();
        let mut blocks = Blocks {
            grid,
            width,
            dimensions: dimensions.iter().map(|(name, _)| *name).collect(),
            found: BTreeMap::new(),
        };
        if matches!(source, Source::Views) {
            blocks.block(Vec::new())?;
        }
        let Some(&first) = grid.edges.first() else { return Ok(Vec::new()) };
        if selector.window == Window::Total {
            let from_ms = (first - i64::from(RANGE_DAYS_MAX) * DAY_MS).div_euclid(HOUR_MS) * HOUR_MS;
            let plan = self.state.plan(&ask, Span { from_ms, to_ms: first })?;
            let groups = self.state.cells("promql", site, &ask, &plan).await?.groups;
            for group in groups.into_iter().filter(|group| is_measured(source, group)) {
                let values = components(source, &group);
                blocks.add(group.names, 0, &values)?;
            }
        }
        let mut start = 0;
        while start + 1 < grid.edges.len() {
            let end = (start + EDGES_PER_STATEMENT).min(grid.edges.len() - 1);
            let edges = &grid.edges[start..end];
            let window = Span { from_ms: grid.edges[start], to_ms: grid.edges[end] };
            ask.edges = Some(edges.iter().filter_map(|edge| u32::try_from(edge / 1_000).ok()).collect());
            let plan = self.state.plan(&ask, window)?;
            let groups = self.state.cells("promql", site, &ask, &plan).await?.groups;
            for group in groups.into_iter().filter(|group| is_measured(source, group)) {
                let Some(index) = group.start.and_then(|at| grid.index(i64::from(at) * 1_000)) else { continue };
                let values = components(source, &group);
                blocks.add(group.names, index + 1, &values)?;
            }
            start = end;
        }
        Ok(blocks.finish())
    }

    /// Counts of promises.
    async fn promises(
        &self,
        site: &str,
        which: usize,
        grid: &Grid,
        selector: &Selector,
    ) -> Result<Vec<Block>, ReadError> {
        let promises = Promise::of_site(self.state, site).await.map_err(store_problem)?;
        let mut blocks = Blocks { grid, width: 1, dimensions: vec!["slo", "journey"], found: BTreeMap::new() };
        let (Some(&first), Some(&last)) = (grid.edges.first(), grid.edges.last()) else { return Ok(Vec::new()) };
        let from_ms = if selector.window == Window::Total { 0 } else { first };
        let named = |promise: &Promise| vec![promise.slo.id.clone(), promise.journey().to_owned()];
        for promise in &promises {
            blocks.block(named(promise))?;
        }
        for chunk in grid.edges.chunks(EDGES_PER_STATEMENT) {
            let (Some(&chunk_first), Some(&chunk_last)) = (chunk.first(), chunk.last()) else { continue };
            let next = grid.index(chunk_last).and_then(|index| grid.edges.get(index + 1)).copied().unwrap_or(last);
            let mut scope = Scope::of(site);
            let seconds = |ms: i64| Param::Int(ms.div_euclid(1_000));
            let begin = if chunk_first == first { from_ms } else { chunk_first };
            let (from, to) = (scope.bind("Int64", seconds(begin)), scope.bind("Int64", seconds(next)));
            // What is before the first edge belongs to an edge of its own.
            let starts = std::iter::once(0).chain(chunk.iter().map(|edge| u64::try_from(edge / 1_000).unwrap_or(0)));
            let starts = scope.bind("Array(UInt32)", Param::UInts(starts.collect()));
            let condition = format!("minute >= toDateTime({from}, 'UTC') AND minute < toDateTime({to}, 'UTC')");
            let columns = "slo, version, minute, good, valid, counted_at";
            let newest = scope
                .rows(SiteTable::SloMinutes, columns, &[condition])
                .newest_by("slo, version, minute", "counted_at");
            let select = format!(
                "slo, version, roundDown(toUInt32(toUnixTimestamp(minute)), {starts}) AS since, sum(good), sum(valid)"
            );
            let statement = scope.statement(&select, newest, "GROUP BY slo, version, since");
            for row in self.state.rows("promql_promises", site, &statement).await? {
                let mut row = Row::new(row);
                let (id, version, since_ms) = (row.text(), row.int(), row.int() * 1_000);
                let counts = [row.int() as f64, row.int() as f64];
                let Some(promise) = promises.iter().find(|promise| promise.slo.id == id && promise.version == version)
                else {
                    continue;
                };
                let index = if since_ms < first { 0 } else { grid.index(since_ms).map_or(0, |index| index + 1) };
                blocks.add(named(promise), index, &[counts[which]])?;
            }
        }
        Ok(blocks.finish())
    }
}

/// Whether anything was measured in a group: page views without a value of the metric make no series of it.
fn is_measured(source: &Source, group: &Group) -> bool {
    matches!(source, Source::Views) || group.cells.first().is_some_and(|cell| cell.valid != 0)
}

/// What one group counts, component by component.
fn components(source: &Source, group: &Group) -> Vec<f64> {
    let Some(cell) = group.cells.first() else { return Vec::new() };
    match source {
        Source::Views | Source::Promises(_) => {
            let unjudged = group.views - cell.levels.iter().sum::<i64>();
            cell.levels.iter().chain([&unjudged]).map(|count| *count as f64).collect()
        }
        Source::Histogram(family, Part::Bucket) => {
            let totals = totals_of(family, cell);
            let edges = totals.iter().take(family.edges.len());
            let count = totals.iter().find(|(number, _)| *number == COUNT);
            edges.chain(count).map(|(_, total)| *total as f64).collect()
        }
        Source::Histogram(family, Part::Sum) => vec![cell.total_micro as f64 / family.micro_per_unit()],
        Source::Histogram(_, Part::Count) => vec![cell.valid as f64],
    }
}

/// What the store can sort out by itself.
fn filters(selector: &Selector, dimensions: &[(&'static str, Dimension)]) -> Vec<Filter> {
    let of = |(name, dimension): &(&'static str, Dimension)| {
        let (is, is_not) = selector.compared(name);
        let filter = |op, values: Vec<&str>| Filter {
            dimension: dimension.clone(),
            op,
            values: values.into_iter().map(str::to_owned).collect(),
        };
        // Two values at once are none: each is a filter of its own.
        let is = is.into_iter().map(|value| filter(Op::Is, vec![value])).collect::<Vec<_>>();
        let is_not = (!is_not.is_empty()).then(|| filter(Op::Not, is_not));
        is.into_iter().chain(is_not)
    };
    dimensions.iter().flat_map(of).collect()
}

/// Blocks by the values of their labels, as they come.
struct Blocks<'g> {
    grid: &'g Grid,
    width: usize,
    dimensions: Vec<&'static str>,
    found: BTreeMap<Vec<String>, Vec<Vec<f64>>>,
}

impl Blocks<'_> {
    fn block(&mut self, names: Vec<String>) -> Result<&mut Vec<Vec<f64>>, ReadError> {
        let (series, points) = ((self.found.len() + 1) * self.width, self.grid.edges.len());
        if !self.found.contains_key(&names) && (series > SERIES_MAX || series * points > SAMPLES_MAX) {
            let detail = format!(
                "this gives more than {SERIES_MAX} series or {SAMPLES_MAX} values: sum by fewer labels, or ask for fewer points"
            );
            return Err(ReadError::Promql(PromqlError::Execution(detail)));
        }
        let empty = || vec![vec![0.0; points]; self.width];
        Ok(self.found.entry(names).or_insert_with(empty))
    }

    /// Adds what was counted just before the edge of that index.
    fn add(&mut self, names: Vec<String>, edge: usize, values: &[f64]) -> Result<(), ReadError> {
        for (component, value) in self.block(names)?.iter_mut().zip(values) {
            if let Some(counted) = component.get_mut(edge) {
                *counted += value;
            }
        }
        Ok(())
    }

    fn finish(self) -> Vec<Block> {
        let dimensions = self.dimensions;
        let block = |(names, mut before): (Vec<String>, Vec<Vec<f64>>)| {
            for component in &mut before {
                let mut sum = 0.0;
                component.iter_mut().for_each(|counted| {
                    sum += *counted;
                    *counted = sum;
                });
            }
            let names = dimensions.iter().copied().zip(names.iter().map(String::as_str));
            Block { labels: labels(names), before }
        };
        self.found.into_iter().map(block).collect()
    }
}

impl Grid {
    fn of(times_ms: &[i64], selector: &Selector, now_ms: i64) -> Self {
        let range_ms = if let Window::Increase(range_ms) = selector.window { Some(range_ms.max(1)) } else { None };
        let at = |time_ms: &i64| time_ms.saturating_sub(selector.offset_ms);
        let earliest_ms = times_ms.first().map_or(0, at).saturating_sub(range_ms.unwrap_or(0)) - HOUR_MS;
        let unit_ms = if earliest_ms > now_ms - MINUTES_KEPT_DAYS * DAY_MS { MINUTE_MS } else { HOUR_MS };
        let span = |time_ms: &i64| {
            let at_ms = at(time_ms);
            if at_ms > now_ms + MINUTE_MS || at_ms < 0 {
                return None;
            }
            let to_ms = at_ms.div_euclid(unit_ms) * unit_ms + unit_ms;
            // As many whole units as come nearest to the range; `rate` divides by the range, so the counts are scaled to it.
            let from_ms = range_ms.map(|range_ms| (to_ms - units(range_ms, unit_ms) * unit_ms).max(0));
            Some((from_ms, to_ms))
        };
        let spans: Vec<_> = times_ms.iter().map(span).collect();
        let mut edges: Vec<i64> =
            spans.iter().flatten().flat_map(|(from, to)| from.iter().copied().chain([*to])).collect();
        edges.sort_unstable();
        edges.dedup();
        Self { spans, edges }
    }

    fn index(&self, edge_ms: i64) -> Option<usize> {
        self.edges.binary_search(&edge_ms).ok()
    }

    /// The series of blocks, if the selector wants them.
    fn series(
        &self,
        name: &str,
        site: &str,
        source: &Source,
        blocks: Vec<Block>,
        selector: &Selector,
        found: &mut Vec<Series>,
    ) -> Result<(), ReadError> {
        let (label, values) = source.components();
        let scale = |from_ms: i64, to_ms: i64| match selector.window {
            Window::Total => 1.0,
            Window::Increase(range_ms) => range_ms as f64 / (to_ms - from_ms).max(1) as f64,
        };
        for block in blocks {
            for (value, before) in values.iter().zip(&block.before) {
                let mut labels = block.labels.clone();
                let more = [(NAME, name), ("site", site), (label, *value)];
                labels.extend(super::value::labels(more.into_iter().filter(|(label, _)| !label.is_empty())));
                let fits = selector
                    .matchers
                    .iter()
                    .all(|matcher| matcher.is_match(labels.get(&matcher.name).map_or("", String::as_str)));
                if !fits {
                    continue;
                }
                let at = |span: &Option<(Option<i64>, i64)>| {
                    let (from_ms, to_ms) = (*span)?;
                    let counted = |edge_ms: i64| Some(before[self.index(edge_ms)?]);
                    let to = counted(to_ms)?;
                    match from_ms {
                        Some(from_ms) => Some((to - counted(from_ms)?) * scale(from_ms, to_ms)),
                        None => Some(to),
                    }
                };
                found.push(Series { labels, values: self.spans.iter().map(at).collect() });
                if found.len() > SERIES_MAX || found.len() * self.spans.len() > SAMPLES_MAX {
                    let detail = format!(
                        "this gives more than {SERIES_MAX} series or {SAMPLES_MAX} values: sum by fewer labels, or ask for fewer points"
                    );
                    return Err(ReadError::Promql(PromqlError::Execution(detail)));
                }
            }
        }
        Ok(())
    }
}

fn units(range_ms: i64, unit_ms: i64) -> i64 {
    ((range_ms.min(i64::MAX - unit_ms) + unit_ms / 2) / unit_ms).max(1)
}
