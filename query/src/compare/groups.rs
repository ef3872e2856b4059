//! `compare?by=`: the same for each value of a dimension, those that moved most first.
//!
//! Many groups are many chances to be misled, so better and worse are said of those only that pass the test for many at once.

use super::row::{Figure, Pair};
use super::sides::{Sides, same_source};
use crate::calls::Question;
use crate::grammar::{Dimension, Filter, Measure, Op};
use crate::planner::{Ask, Cell, Cells, Group, SourceKind};
use crate::record::Record;
use felt_http::Problem;
use felt_schema::compare::strata::{self, weigh};
use felt_schema::compare::weighted::{Weight, WeightedHistogram};
use felt_schema::compare::{COUNT_TO_COMPARE, Verdict, discoveries};
use std::collections::{BTreeMap, BTreeSet};

/// Most groups that are compared, the largest: each may be told by device.
const GROUPS_MAX: usize = 200;

/// What came of it.
pub(super) struct Compared {
    /// A row for each group and measure.
    pub rows: Vec<Record>,
    /// Groups in all.
    pub groups: usize,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// Compares the groups of `dimension`, which have so many views by themselves.
pub(super) async fn compared(
    question: &Question,
    sides: &Sides,
    dimension: &Dimension,
    views: [i64; 2],
) -> Result<Compared, Problem> {
    let query = &question.query;
    let plans = sides.plans(question, |ask| Ask { by: vec![dimension.clone()], ..ask.clone() }).await?;
    let counted = Sides::cells(question, &plans).await?;
    let (names, groups) = largest(&counted);
    let (by, matched_on) = strata_of(question, sides, dimension, views).await?;
    let details = sides.plans(question, |ask| {
        let only = Filter { dimension: dimension.clone(), op: Op::Is, values: names.clone() };
        let filters = ask.filters.iter().cloned().chain([only]).collect();
        Ask { filters, by: by.clone(), measures: query.metrics.clone(), histograms: true, ..ask.clone() }
    });
    let details = details.await?;
    let cells = Sides::cells(question, &details).await?;
    let mut pairs = Vec::new();
    for name in &names {
        let parts = parts(&cells, name);
        for (index, measure) in query.metrics.iter().enumerate() {
            pairs.push(pair(measure, index, &parts, matched_on.as_deref()));
        }
    }
    let verdicts = verdicts(&pairs);
    let believed = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Better | Verdict::Worse)).count();
    let tried = verdicts.iter().filter(|verdict| **verdict != Verdict::TooFew).count();
    let mut warnings = Vec::new();
    if tried > 1 {
        let are = if believed == 1 { "is" } else { "are" };
        warnings.push(format!(
            "{tried} differences were tried at once, and {believed} {are} called better or worse, of which one in twenty may be chance \
             (Benjamini-Hochberg); intervals are those of each alone"
        ));
    }
    if groups > names.len() {
        warnings.push(format!("of {groups} groups the {} with the most page views were compared", names.len()));
    }
    if matched_on.is_none() {
        warnings.push("the mix of visitors inside of each group is not evened out".into());
    }
    let rows = rows(query, dimension, &names, &pairs, &verdicts);
    Ok(Compared { rows, groups, warnings })
}

/// The values with the most views on both sides together, and how many values there are.
fn largest(cells: &[Cells; 2]) -> (Vec<String>, usize) {
    let mut views: BTreeMap<&str, i64> = BTreeMap::new();
    for group in cells.iter().flat_map(|cells| &cells.groups) {
        *views.entry(group.names.first().map_or("", String::as_str)).or_default() += group.all_views();
    }
    let mut order: Vec<(&str, i64)> = views.into_iter().filter(|(_, views)| *views > 0).collect();
    order.sort_by_key(|(name, views)| (std::cmp::Reverse(*views), *name));
    (order.iter().take(GROUPS_MAX).map(|(name, _)| (*name).to_owned()).collect(), order.len())
}

/// Groups by device too where that can be had; devices by country.
async fn strata_of(
    question: &Question,
    sides: &Sides,
    dimension: &Dimension,
    views: [i64; 2],
) -> Result<(Vec<Dimension>, Option<String>), Problem> {
    let second = if *dimension == Dimension::Device { Dimension::Country } else { Dimension::Device };
    let by = vec![dimension.clone(), second.clone()];
    let plans =
        sides.plans(question, |ask| Ask { by: by.clone(), measures: question.query.metrics.clone(), ..ask.clone() });
    let plans = plans.await?;
    let source = same_source(&plans);
    let affordable = source == Some(SourceKind::Rollup) || sides.readable(question, views, source);
    Ok(if affordable { (by, Some(second.name().into_owned())) } else { (vec![dimension.clone()], None) })
}

/// What each side has of a group, by its strata.
fn parts<'a>(cells: &'a [Cells; 2], name: &str) -> Vec<[Option<&'a Group>; 2]> {
    let mut strata: BTreeMap<&str, [Option<&Group>; 2]> = BTreeMap::new();
    for (side, cells) in cells.iter().enumerate() {
        for group in cells.groups.iter().filter(|group| group.names.first().is_some_and(|first| first == name)) {
            strata.entry(group.names.get(1).map_or("", String::as_str)).or_default()[side] = Some(group);
        }
    }
    strata.into_values().collect()
}

fn pair(measure: &Measure, index: usize, parts: &[[Option<&Group>; 2]], matched_on: Option<&str>) -> Pair {
    let none = Cell::default();
    let cell = |part: Option<&'_ Group>| {
        part.and_then(|group| group.cells.get(index)).cloned().unwrap_or_else(|| none.clone())
    };
    let parts: Vec<[Cell; 2]> = parts.iter().map(|part| [cell(part[0]), cell(part[1])]).collect();
    let count = |cell: &Cell| if *measure == Measure::Happiness { cell.levels.iter().sum() } else { cell.valid };
    let plain = [0, 1].map(|side| Figure::plain(measure, &merged(parts.iter().map(|part| &part[side]))));
    let as_it_is = Pair { measure: measure.clone(), sides: plain, plain, matched_on: None };
    let Some(on) = matched_on.filter(|_| parts.len() > 1) else {
        // With one stratum there is nothing to even out.
        return Pair { matched_on: matched_on.map(str::to_owned), ..as_it_is };
    };
    let of =
        |(group, part): (usize, &[Cell; 2])| strata::Cell { group, count: count(&part[0]), vs_count: count(&part[1]) };
    let weights = weigh(&parts.iter().enumerate().map(of).collect::<Vec<_>>(), &(0..parts.len()).collect::<Vec<_>>());
    if weights.compared() < COUNT_TO_COMPARE || weights.compared() * 2 < plain[0].count {
        return as_it_is;
    }
    let sides = [0, 1].map(|side| {
        let (mut levels, mut histogram, mut counted) = ([Weight::default(); 4], WeightedHistogram::default(), 0);
        for (group, part) in parts.iter().enumerate() {
            let included = weights.groups[group].included;
            let weight = if side == 0 { f64::from(u8::from(included)) } else { weights.vs_of(group, group) };
            if weight > 0.0 {
                counted += count(&part[side]);
                levels.iter_mut().zip(part[side].levels).for_each(|(held, n)| *held += Weight::of(n, weight));
                part[side].histogram.iter().for_each(|(bucket, n)| histogram.add(bucket, Weight::of(n, weight)));
            }
        }
        if *measure == Measure::Happiness {
            Figure::of_levels(levels, (counted, plain[side].one_in))
        } else {
            Figure::of_histogram(&histogram, (counted, plain[side].one_in))
        }
    });
    Pair { sides, matched_on: Some(on.to_owned()), ..as_it_is }
}

fn merged<'a>(cells: impl Iterator<Item = &'a Cell>) -> Cell {
    let mut whole = Cell::default();
    for cell in cells {
        whole.one_in = cell.one_in;
        whole.valid += cell.valid;
        whole.good += cell.good;
        whole.fair += cell.fair;
        whole.poor += cell.poor;
        whole.levels.iter_mut().zip(cell.levels).for_each(|(held, more)| *held += more);
        whole.histogram.merge(&cell.histogram);
    }
    whole
}

/// The verdicts on all at once.
fn verdicts(pairs: &[Pair]) -> Vec<Verdict> {
    let tried: Vec<usize> = (0..pairs.len()).filter(|&index| pairs[index].enough()).collect();
    let believed = discoveries(&tried.iter().map(|&index| pairs[index].z()).collect::<Vec<_>>());
    let believed: BTreeSet<usize> =
        tried.iter().zip(believed).filter(|(_, yes)| *yes).map(|(index, _)| *index).collect();
    let of = |(index, pair): (usize, &Pair)| match pair.verdict() {
        Verdict::Better | Verdict::Worse if !believed.contains(&index) => Verdict::NoDifference,
        verdict => verdict,
    };
    pairs.iter().enumerate().map(of).collect()
}

fn rows(
    query: &crate::grammar::Query,
    dimension: &Dimension,
    names: &[String],
    pairs: &[Pair],
    verdicts: &[Verdict],
) -> Vec<Record> {
    let metrics = query.metrics.len().max(1);
    let mut groups: Vec<(bool, f64, usize)> = (0..names.len())
        .map(|group| {
            let own = group * metrics..(group + 1) * metrics;
            let moved = |index: &usize| matches!(verdicts[*index], Verdict::Better | Verdict::Worse);
            let believed = own.clone().filter(moved).map(|index| pairs[index].move_share()).fold(0.0, f64::max);
            let sure = own.filter(|index| verdicts[*index] != Verdict::TooFew).map(|index| pairs[index].z().min(1e6));
            (believed > 0.0, if believed > 0.0 { believed } else { sure.fold(0.0, f64::max) }, group)
        })
        .collect();
    groups.sort_by(|one, other| other.0.cmp(&one.0).then(other.1.total_cmp(&one.1)).then(one.2.cmp(&other.2)));
    let mut rows = Vec::new();
    for (_, _, group) in groups.into_iter().take(query.limit as usize) {
        for index in group * metrics..(group + 1) * metrics {
            let (Some(pair), Some(verdict)) = (pairs.get(index), verdicts.get(index)) else { continue };
            let name = Some(names[group].clone()).filter(|name| !name.is_empty());
            let mut row = Record::new().with(dimension.name(), name);
            row.extend(pair.record(*verdict));
            rows.push(row);
        }
    }
    rows
}
