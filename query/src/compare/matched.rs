//! Gives the second side the mix of the first: device, country and hour of the week where single views can be read, else whichever of
//! them a rollup knows.

use super::row::{Figure, Pair};
use super::sides::{Sides, same_source};
use crate::calls::Question;
use crate::grammar::{Dimension, Measure};
use crate::planner::strata::{self, Side, Strata, StrataWeights, Stratum};
use crate::planner::{Ask, OneIn, Plan, Sample, SourceKind};
use felt_http::Problem;
use felt_schema::compare::COUNT_TO_COMPARE;
use felt_schema::compare::strata::{Cell, STRATUM_MIN, Weights, weigh};
use felt_schema::compare::weighted::{Weight, WeightedHistogram};
use std::collections::{BTreeMap, HashMap};

/// Groups without a counterpart that are named.
const NAMED_MAX: usize = 5;

/// Both sides by strata.
pub(super) struct Matching {
    strata: Strata,
    plans: [(Ask, Plan); 2],
    /// Groups: their values and their number.
    groups: Vec<([String; 2], u64)>,
    /// For each group, which others are of the same device.
    kin: Vec<usize>,
    /// Slots of groups with what each side has there.
    cells: Vec<Slot>,
}

struct Slot {
    group: usize,
    key: u64,
    sides: [Option<Stratum>; 2],
}

impl Matching {
    /// Counts both sides, which have so many views, by the finest strata that can be had; `None` where none can.
    pub async fn of(
        question: &Question,
        sides: &Sides,
        (views, finest): ([i64; 2], Option<Finest>),
        measures: &[Measure],
    ) -> Result<Option<Self>, Problem> {
        let Some((dimensions, plans)) = found(question, sides, views, finest).await? else { return Ok(None) };
        let strata = Strata { dimensions, slots: sides.slots(views, plans[0].1.one_in()) };
        if strata.dimensions.is_empty() && strata.slots <= 1 {
            return Ok(None);
        }
        let [first, second] = plans;
        let plans = [settled(question, first).await?, settled(question, second).await?];
        let statement = strata::statement(&question.site, &strata, measures, side(&plans[0]), side(&plans[1]));
        let rows = question.state.rows("compare", &question.site, &statement).await?;
        let found = strata::read(measures, rows);
        Ok(Some(Self::collect(strata, plans, found)))
    }

    fn collect(strata: Strata, plans: [(Ask, Plan); 2], found: Vec<Stratum>) -> Self {
        let mut groups: Vec<([String; 2], u64)> = Vec::new();
        let mut places: HashMap<u64, usize> = HashMap::new();
        let mut slots: BTreeMap<(usize, i64), Slot> = BTreeMap::new();
        for stratum in found {
            let group = *places.entry(stratum.group_key).or_insert_with(|| {
                groups.push((stratum.names.clone(), stratum.group_key));
                groups.len() - 1
            });
            let slot = slots.entry((group, stratum.slot)).or_insert_with(|| Slot {
                group,
                key: stratum.key,
                sides: [None, None],
            });
            let place = usize::from(!stratum.first);
            slot.sides[place] = Some(stratum);
        }
        let mut devices: HashMap<&str, usize> = HashMap::new();
        let by_device = strata.dimensions.len() > 1;
        let mut kin = Vec::with_capacity(groups.len());
        for (index, (names, _)) in groups.iter().enumerate() {
            // With one dimension nothing is akin: another device is not like for like.
            kin.push(if by_device { *devices.entry(&names[0]).or_insert(index) } else { index });
        }
        Self { strata, plans, groups, kin, cells: slots.into_values().collect() }
    }

    /// The weights by a count of each side.
    fn weigh(&self, count: impl Fn(&Stratum) -> i64) -> Weights {
        let of = |side: &Option<Stratum>| side.as_ref().map_or(0, &count);
        let cell = |slot: &Slot| Cell { group: slot.group, count: of(&slot.sides[0]), vs_count: of(&slot.sides[1]) };
        weigh(&self.cells.iter().map(cell).collect::<Vec<_>>(), &self.kin)
    }

    /// By what the sides are matched, as rows tell it.
    fn on(&self) -> String {
        let names = self.strata.dimensions.iter().map(|dimension| dimension.name().into_owned());
        let slot = match self.strata.slots {
            168 => Some("hour_of_week".to_owned()),
            24 => Some("hour_of_day".to_owned()),
            _ => None,
        };
        names.chain(slot).collect::<Vec<_>>().join(",")
    }

    /// Sentences about what could not be compared.
    pub fn warnings(&self) -> Vec<String> {
        let weights = self.weigh(|stratum| stratum.views);
        let mut warnings = Vec::new();
        let all = |views: i64| self.one_in().times(views);
        warnings.extend(self.one_in().warning());
        for (list, other) in [(&weights.left_out, "the other side"), (&weights.vs_left_out, "this side")] {
            let mut list: Vec<&(usize, i64)> = list.iter().filter(|(_, views)| *views >= STRATUM_MIN).collect();
            list.sort_by_key(|(group, views)| (std::cmp::Reverse(*views), *group));
            let views: i64 = list.iter().map(|(_, views)| views).sum();
            let named: Vec<String> = list
                .iter()
                .take(NAMED_MAX)
                .map(|(group, views)| format!("{} ({})", self.named(*group), all(*views)))
                .collect();
            if !named.is_empty() {
                let more = list.len().saturating_sub(NAMED_MAX);
                let more = if more > 0 { format!(", and {more} more") } else { String::new() };
                warnings.push(format!(
                    "{} page views have no counterpart on {other} and are left out: {}{more}",
                    all(views),
                    named.join(", ")
                ));
            }
        }
        let compared = weights.compared();
        if compared > 0 && weights.among_kin * 20 > compared {
            warnings.push(format!(
                "{} of {} page views are from countries with too few of them, and are compared with such views of the same device",
                all(weights.among_kin),
                all(compared)
            ));
        }
        let lacking: Vec<&str> = [(Dimension::Device, "devices"), (Dimension::Country, "countries")]
            .into_iter()
            .filter(|(dimension, _)| !self.strata.dimensions.contains(dimension) && !self.fixed(dimension))
            .map(|(_, name)| name)
            .collect();
        if !lacking.is_empty() {
            warnings.push(format!(
                "the mix of {} is not evened out: that takes single page views, which are read of a shorter or later range",
                lacking.join(" and ")
            ));
        }
        warnings
    }

    /// What both sides were read from.
    pub fn source(&self) -> SourceKind {
        self.plans[0].1.kind()
    }

    /// How many page views each one that was read stands for, on both sides.
    fn one_in(&self) -> OneIn {
        self.plans[0].1.one_in()
    }

    /// Whether a filter leaves one value of a dimension.
    fn fixed(&self, dimension: &Dimension) -> bool {
        let mut filters = self.plans[0].0.filters.iter();
        filters.any(|filter| {
            filter.dimension == *dimension && filter.op == crate::grammar::Op::Is && filter.values.len() == 1
        })
    }

    fn named(&self, group: usize) -> String {
        let names = self.groups.get(group).map(|(names, _)| names.as_slice()).unwrap_or_default();
        let shown = self.strata.dimensions.iter().zip(names).map(|(dimension, name)| match name.as_str() {
            "" => format!("without {}", dimension.name()),
            name => name.to_owned(),
        });
        let shown = shown.collect::<Vec<_>>().join(" in ");
        if shown.is_empty() { "other hours".into() } else { shown }
    }

    /// Each measure of both sides, of which these are the figures as they are, like for like; as it is where too little is left to compare.
    ///
    /// # Errors
    /// As the store says.
    pub async fn pairs(
        &self,
        question: &Question,
        measures: &[Measure],
        plain: &[[Figure; 2]],
    ) -> Result<Vec<Pair>, Problem> {
        let weights: Vec<Weights> = (0..measures.len()).map(|index| self.weigh(count_of(index))).collect();
        // Half of it has to be comparable, and enough to judge; else it would be a figure of something else.
        let alike = |index: usize| {
            let compared = weights[index].compared();
            compared >= COUNT_TO_COMPARE && self.one_in().times(compared) * 2 >= plain[index][0].all()
        };
        let by_value =
            (0..measures.len()).filter(|&index| alike(index) && measures[index] != Measure::Happiness).collect();
        let mut histograms = self.histograms(question, measures, &weights, by_value).await?;
        let pair = |index: usize| {
            let (measure, weights, plain) = (measures[index].clone(), &weights[index], plain[index]);
            if !alike(index) {
                return Pair { measure, sides: plain, plain, matched_on: None };
            }
            let mut sides = match histograms.remove(&index) {
                Some(histograms) => {
                    let figure = |side: usize| {
                        let count = self.counted(weights, side).map(|(_, stratum)| count_of(index)(stratum)).sum();
                        Figure::of_histogram(&histograms[side], (count, self.one_in()))
                    };
                    [figure(0), figure(1)]
                }
                None => [0, 1].map(|side| {
                    let (mut levels, mut count) = ([Weight::default(); 4], 0);
                    for (weight, stratum) in self.counted(weights, side) {
                        count += count_of(index)(stratum);
                        levels.iter_mut().zip(stratum.levels).for_each(|(held, n)| *held += Weight::of(n, weight));
                    }
                    Figure::of_levels(levels, (count, self.one_in()))
                }),
            };
            if weights.left_out.is_empty() {
                // All of the first side counts once: it is what it is, to the last digit.
                sides[0] = plain[0];
            }
            Pair { measure, sides, plain, matched_on: Some(self.on()) }
        };
        Ok((0..measures.len()).map(pair).collect())
    }

    /// The strata of a side that count, each with its weight.
    fn counted<'a>(&'a self, weights: &'a Weights, side: usize) -> impl Iterator<Item = (f64, &'a Stratum)> {
        self.cells.iter().enumerate().filter_map(move |(slot, cell)| {
            let group = &weights.groups[cell.group];
            let weight = if side == 0 { f64::from(u8::from(group.included)) } else { weights.vs_of(slot, cell.group) };
            Some((weight, cell.sides[side].as_ref()?)).filter(|(weight, _)| *weight > 0.0)
        })
    }

    /// The weighted histograms of some of the measures, by their places; all of them in one look at the rows.
    async fn histograms(
        &self,
        question: &Question,
        measures: &[Measure],
        weights: &[Weights],
        places: Vec<usize>,
    ) -> Result<HashMap<usize, [WeightedHistogram; 2]>, Problem> {
        if places.is_empty() {
            return Ok(HashMap::new());
        }
        let weighed: Vec<(&Measure, StrataWeights)> =
            places.iter().map(|&place| (&measures[place], self.store_weights(&weights[place]))).collect();
        let sides = (side(&self.plans[0]), side(&self.plans[1]));
        let statement = strata::weighted_statement(&question.site, &self.strata, &weighed, sides);
        let rows = question.state.rows("compare", &question.site, &statement).await?;
        let found = strata::read_weighted(places.len(), rows);
        Ok(places.into_iter().zip(found).collect())
    }

    fn store_weights(&self, weights: &Weights) -> StrataWeights {
        let group_key = |group: usize| self.groups[group].1;
        let weighed = weights.groups.iter().enumerate();
        StrataWeights {
            left_out: weighed.clone().filter(|(_, group)| !group.included).map(|(index, _)| group_key(index)).collect(),
            keys: weights.cells.iter().map(|(slot, weight)| (self.cells[*slot].key, *weight)).collect(),
            groups: weighed
                .filter(|(_, group)| group.vs > 0.0)
                .map(|(index, group)| (group_key(index), group.vs))
                .collect(),
        }
    }
}

/// The values of the measure at a place that are in a stratum.
fn count_of(index: usize) -> impl Fn(&Stratum) -> i64 {
    move |stratum| stratum.counts.get(index).copied().unwrap_or(0)
}

async fn settled(question: &Question, (ask, plan): (Ask, Plan)) -> Result<(Ask, Plan), Problem> {
    Ok((ask, question.state.settled(&question.site, plan).await?))
}

fn side(plan: &(Ask, Plan)) -> Side<'_> {
    Side { ask: &plan.0, plan: &plan.1 }
}

/// The dimensions of the finest strata.
const FINEST: [Dimension; 2] = [Dimension::Device, Dimension::Country];

/// Where both sides are found by the finest strata. No rollup knows both dimensions, so that is single views, or a part of them.
pub(super) type Finest = ([(Ask, Plan); 2], Option<Sample>);

/// Finds out where that is.
pub(super) async fn finest(question: &Question, sides: &Sides) -> Result<Finest, Problem> {
    sides.parts(question, |ask| Ask { by: FINEST.to_vec(), ..ask.clone() }).await
}

async fn by(question: &Question, sides: &Sides, dimensions: &[Dimension]) -> Result<[(Ask, Plan); 2], Problem> {
    sides.plans(question, |ask| Ask { by: dimensions.to_vec(), ..ask.clone() }).await
}

/// The dimensions of the strata, and where both sides are found by them.
#[allow(clippy::type_complexity, reason = "it is taken apart where it is made")]
async fn found(
    question: &Question,
    sides: &Sides,
    views: [i64; 2],
    finest: Option<Finest>,
) -> Result<Option<(Vec<Dimension>, [(Ask, Plan); 2])>, Problem> {
    if let Some((plans, part)) = finest {
        let read = |part: &Sample| (views[0] + views[1]) / i64::from(part.one_in.get());
        let part = part.filter(|part| question.is_enough(read(part)));
        let plans = plans.map(|(ask, plan)| (ask, plan.sampled(part.as_ref())));
        if sides.readable(question, views, same_source(&plans)) {
            return Ok(Some((FINEST.to_vec(), plans)));
        }
    }
    for dimensions in [&FINEST[..1], &FINEST[1..], &[]] {
        let plans = by(question, sides, dimensions).await?;
        if same_source(&plans) == Some(SourceKind::Rollup) {
            return Ok(Some((dimensions.to_vec(), plans)));
        }
    }
    Ok(None)
}
