//! Strata in which two sets of page views are compared, and the weights that give the second the mix of the first.
//!
//! The finest stratum is a group (device and country) at a slot of time (hour of the week). Where a side has too few views in it, all
//! such slots of the group are taken together; groups too small for that are taken together with those that are akin (same device).
//! What has no counterpart even so is left out of both sides and named, never compared with something else.

/// Fewest views of either side in a stratum: with fewer its weight is mostly chance. Surveys hold their adjustment cells to as much,
/// see G. Kalton, I. Flores-Cervantes, "Weighting methods", J. Off. Stat. 19 (2003).
pub const STRATUM_MIN: i64 = 20;
/// Most strata that are told apart; beyond that the smallest are taken together.
pub const STRATA_MAX: usize = 5_000;

/// What the two sides have in one slot of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The group's index.
    pub group: usize,
    /// On the first side.
    pub count: i64,
    /// On the second side.
    pub vs_count: i64,
}

/// What a group's views count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupWeight {
    /// Whether its views of the first side count; they count once.
    pub included: bool,
    /// Weight of its views of the second side in slots that have no weight of their own; 0 where they do not count.
    pub vs: f64,
}

/// The weights of the second side's views, and what became of the first side's.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights {
    /// Cells with a weight of their own: index and weight.
    pub cells: Vec<(usize, f64)>,
    /// One for each group.
    pub groups: Vec<GroupWeight>,
    /// Views of the first side that were compared at the same slot.
    pub in_slots: i64,
    /// … within their group only.
    pub in_groups: i64,
    /// … with groups akin to theirs only.
    pub among_kin: i64,
    /// Groups of the first side that have no counterpart, and their views.
    pub left_out: Vec<(usize, i64)>,
    /// Groups of the second side that have no counterpart, and their views.
    pub vs_left_out: Vec<(usize, i64)>,
}

impl Weights {
    /// Views of the first side that are compared.
    pub fn compared(&self) -> i64 {
        self.in_slots + self.in_groups + self.among_kin
    }

    /// The second side's weight of a cell.
    pub fn vs_of(&self, cell: usize, group: usize) -> f64 {
        let own = self.cells.binary_search_by_key(&cell, |(index, _)| *index).ok().map(|place| self.cells[place].1);
        own.unwrap_or_else(|| self.groups.get(group).map_or(0.0, |group| group.vs))
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: i64,
    vs_count: i64,
}

impl Sums {
    fn add(&mut self, count: i64, vs_count: i64) {
        self.count += count.max(0);
        self.vs_count += vs_count.max(0);
    }

    fn enough(self) -> bool {
        self.count.min(self.vs_count) >= STRATUM_MIN
    }

    fn weight(self) -> f64 {
        if self.vs_count > 0 { self.count as f64 / self.vs_count as f64 } else { 0.0 }
    }
}

/// Weighs `cells`; `kin` says for each group which others are akin to it.
pub fn weigh(cells: &[Cell], kin: &[usize]) -> Weights {
    let mut weights =
        Weights { groups: vec![GroupWeight { included: true, vs: 0.0 }; kin.len()], ..Weights::default() };
    let mut order: Vec<usize> = (0..cells.len()).filter(|&index| cells[index].group < kin.len()).collect();
    // The largest first: they keep strata of their own.
    order.sort_by_key(|&index| std::cmp::Reverse((cells[index].count.min(cells[index].vs_count), index)));
    let mut own: Vec<Vec<usize>> = vec![Vec::new(); kin.len()];
    let mut rest = vec![Sums::default(); kin.len()];
    let mut strata = 0;
    for index in order {
        let cell = cells[index];
        let sums = Sums { count: cell.count, vs_count: cell.vs_count };
        if sums.enough() && strata < STRATA_MAX {
            own[cell.group].push(index);
            strata += 1;
        } else {
            rest[cell.group].add(cell.count, cell.vs_count);
        }
    }
    let mut small: Vec<usize> = Vec::new();
    for group in 0..kin.len() {
        // What is left over must be comparable too: it takes in the group's smallest strata until it is.
        while !rest[group].enough()
            && (rest[group].count > 0 || rest[group].vs_count > 0)
            && let Some(index) = own[group].pop()
        {
            rest[group].add(cells[index].count, cells[index].vs_count);
        }
        for &index in &own[group] {
            let cell = cells[index];
            weights.cells.push((index, Sums { count: cell.count, vs_count: cell.vs_count }.weight()));
            weights.in_slots += cell.count;
        }
        if rest[group].enough() {
            weights.groups[group].vs = rest[group].weight();
            weights.in_groups += rest[group].count;
        } else if rest[group].count > 0 || rest[group].vs_count > 0 {
            small.push(group);
        }
    }
    weights.cells.sort_unstable_by_key(|(index, _)| *index);
    among_kin(&mut weights, &small, &rest, kin);
    weights
}

/// Groups too small for strata of their own, compared with those akin to them.
fn among_kin(weights: &mut Weights, small: &[usize], rest: &[Sums], kin: &[usize]) {
    let mut left: Vec<usize> = Vec::new();
    let mut pools: std::collections::BTreeMap<usize, (Sums, Vec<usize>)> = std::collections::BTreeMap::new();
    for &group in small {
        // Many on one side and none on the other is not a small group but one that came or went.
        let Sums { count, vs_count } = rest[group];
        if count.min(vs_count) == 0 && count.max(vs_count) >= STRATUM_MIN {
            left.push(group);
        } else {
            let pool = pools.entry(kin[group]).or_default();
            pool.0.add(count, vs_count);
            pool.1.push(group);
        }
    }
    for (sums, groups) in pools.into_values() {
        if sums.enough() {
            weights.among_kin += sums.count;
            groups.iter().for_each(|&group| weights.groups[group].vs = sums.weight());
        } else {
            left.extend(groups);
        }
    }
    left.sort_unstable();
    for group in left {
        weights.groups[group].included = false;
        for (views, list) in
            [(rest[group].count, &mut weights.left_out), (rest[group].vs_count, &mut weights.vs_left_out)]
        {
            if views > 0 {
                list.push((group, views));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(group: usize, count: i64, vs_count: i64) -> Cell {
        Cell { group, count, vs_count }
    }

    /// What the second side weighs in all.
    fn weighed(cells: &[Cell], weights: &Weights) -> f64 {
        let of = |(index, cell): (usize, &Cell)| weights.vs_of(index, cell.group) * cell.vs_count as f64;
        cells.iter().enumerate().map(of).sum()
    }

    #[test]
    fn the_second_side_gets_the_mix_of_the_first() {
        // More phones than before: 300 of 400 instead of 100 of 400.
        let cells = [cell(0, 300, 100), cell(1, 100, 300)];
        let weights = weigh(&cells, &[0, 1]);
        assert_eq!(weights.cells, [(0, 3.0), (1, 1.0 / 3.0)]);
        assert_eq!((weights.in_slots, weights.compared()), (400, 400));
        assert!((weighed(&cells, &weights) - 400.0).abs() < 1e-9);
    }

    #[test]
    fn slots_with_too_few_are_taken_together_and_so_are_small_groups() {
        let cells = [
            cell(0, 100, 200), // a stratum
            cell(0, 15, 5),    // two slots too thin …
            cell(0, 15, 35),   // … that make one together
            cell(1, 12, 10),   // two small countries on the same device …
            cell(2, 18, 20),   // … that make one together
            cell(3, 5, 4),     // another device, too few for anything
        ];
        let weights = weigh(&cells, &[0, 0, 0, 1]);
        assert_eq!(weights.cells, [(0, 0.5)]);
        assert_eq!(weights.groups[0], GroupWeight { included: true, vs: 0.75 });
        assert_eq!(weights.groups[1], GroupWeight { included: true, vs: 1.0 });
        assert_eq!(weights.groups[2].vs, 1.0);
        assert_eq!(weights.groups[3], GroupWeight { included: false, vs: 0.0 });
        assert_eq!((weights.in_slots, weights.in_groups, weights.among_kin), (100, 30, 30));
        assert_eq!((weights.left_out, weights.vs_left_out), (vec![(3, 5)], vec![(3, 4)]));
    }

    #[test]
    fn a_crumb_that_is_left_over_joins_the_smallest_stratum() {
        let cells = [cell(0, 100, 100), cell(0, 40, 20), cell(0, 3, 0)];
        let weights = weigh(&cells, &[0]);
        assert_eq!(weights.cells, [(0, 1.0)]);
        assert_eq!(weights.groups[0].vs, 43.0 / 20.0);
        assert!((weighed(&cells, &weights) - 143.0).abs() < 1e-9);
    }

    #[test]
    fn what_came_or_went_is_left_out_and_told() {
        let cells = [cell(0, 500, 500), cell(1, 300, 0), cell(2, 0, 90)];
        let weights = weigh(&cells, &[0, 0, 0]);
        assert_eq!(weights.left_out, [(1, 300)]);
        assert_eq!(weights.vs_left_out, [(2, 90)]);
        assert_eq!(weights.compared(), 500);
        assert!(!weights.groups[1].included);
    }

    #[test]
    fn there_are_never_more_strata_than_the_limit() {
        let cells: Vec<Cell> = (0..STRATA_MAX as i64 + 40).map(|index| cell(0, 100 + index % 7, 100)).collect();
        let weights = weigh(&cells, &[0]);
        assert_eq!(weights.cells.len(), STRATA_MAX);
        assert!((weighed(&cells, &weights) - cells.iter().map(|cell| cell.count as f64).sum::<f64>()).abs() < 1e-6);
    }
}
