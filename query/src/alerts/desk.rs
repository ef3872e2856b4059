//! Every promise on one desk: its recent minutes and how each of its rules stands, so that judging reads only what is new.

use super::record::{FIRING, PENDING};
use crate::planner::scope::{Scope, SiteTable};
use crate::slos::{Promise, corrections};
use crate::state::QueryState;
use felt_schema::budget::{Counts, Objective};
use felt_schema::burn::{Change, KEPT_MIN, Minutes, Options, Rule, State};
use felt_schema::rows::AlertRow;
use felt_schema::slo::standing::{objective, options, rules};
use felt_store::{JsonRow, Param, StoreError};
use std::collections::BTreeMap;
use std::ops::Range;

/// Promises whose whole past is read by one statement: their minutes must fit into one answer.
const WHOLE_AT_ONCE: usize = 40;
/// What was counted that long before the newest seen is read again: several processes count, by clocks of their own.
const OVERLAP_MS: i64 = 30_000;

/// All promises of all sites.
#[derive(Debug, Default)]
pub struct Desk {
    sites: BTreeMap<String, SiteDesk>,
    buffer: Vec<Counts>,
}

#[derive(Debug, Default)]
struct SiteDesk {
    /// Until when what was counted is read, in Unix ms.
    read_to_ms: i64,
    promises: BTreeMap<String, Watched>,
}

/// A promise on the desk.
#[derive(Debug)]
struct Watched {
    promise: Promise,
    objective: Objective,
    options: Options,
    rules: Vec<(Rule, State)>,
    minutes: Minutes,
    excluded: Vec<Range<i64>>,
    whole: bool,
}

/// A rule that changed, and what it was judged by.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The promise.
    pub promise: Promise,
    /// The rule.
    pub rule: Rule,
    /// What happened.
    pub change: Change,
    /// The minute in which it did.
    pub minute: i64,
    /// The first minute in which the rule held, for one that fired.
    pub since: i64,
    /// The rule's long window.
    pub long: Counts,
}

impl Desk {
    /// A desk on which the rules stand as these alerts say.
    pub fn with(active: &[AlertRow], promises: Vec<Promise>) -> Self {
        let mut desk = Self::default();
        desk.lay(promises);
        for alert in active {
            let watched = desk.sites.get_mut(&alert.site).and_then(|site| site.promises.get_mut(&alert.slo));
            let known = watched.and_then(|watched| watched.rules.iter_mut().find(|(rule, _)| rule.name == alert.rule));
            if let Some((_, state)) = known {
                *state = match alert.state.as_str() {
                    FIRING => State::Firing { since_min: alert.fired },
                    PENDING => State::Pending { since_min: alert.since },
                    _ => State::Inactive,
                };
            }
        }
        desk
    }

    /// Whether the promise is on the desk, and its rule one that is judged.
    pub fn judges(&self, alert: &AlertRow) -> bool {
        let watched = self.sites.get(&alert.site).and_then(|site| site.promises.get(&alert.slo));
        watched.is_some_and(|watched| watched.rules.iter().any(|(rule, _)| rule.name == alert.rule))
    }

    /// Takes the promises that there are now; those that are the same keep what is known of them.
    pub fn lay(&mut self, promises: Vec<Promise>) {
        let mut before = std::mem::take(&mut self.sites);
        for promise in promises {
            let Some(objective) = objective(&promise.slo) else { continue };
            let known = before.get_mut(&promise.site);
            let read_to_ms = known.as_ref().map_or(0, |site| site.read_to_ms);
            let known = known.and_then(|site| site.promises.remove(&promise.slo.id));
            let (minutes, states, whole) = match known {
                Some(known) if known.promise.version == promise.version => (known.minutes, known.rules, known.whole),
                // Another indicator: what burned by the old one goes on until the new one is judged.
                Some(known) => (Minutes::default(), known.rules, false),
                None => (Minutes::default(), Vec::new(), false),
            };
            let state = |rule: &Rule| states.iter().find(|(known, _)| known.name == rule.name).map(|(_, state)| *state);
            let options = options(&promise.slo);
            // A rule that can never fire need not be judged.
            let rules = rules(&promise.slo).into_iter().filter(|rule| rule.is_reachable(objective, &options));
            let rules = rules.map(|rule| (state(&rule).unwrap_or_default(), rule)).map(|(state, rule)| (rule, state));
            let rules = rules.collect();
            let site = self.sites.entry(promise.site.clone()).or_default();
            site.read_to_ms = read_to_ms;
            let id = promise.slo.id.clone();
            site.promises
                .insert(id, Watched { promise, objective, options, rules, minutes, excluded: Vec::new(), whole });
        }
    }

    /// Reads what was counted since the last time, and the spans that are not to count.
    ///
    /// # Errors
    /// When the store does not answer; the next time reads it again.
    pub async fn read(&mut self, state: &QueryState) -> Result<(), StoreError> {
        let mut excluded = corrections::everywhere(state).await?;
        let now_min = state.clock.now_ms().div_euclid(60_000);
        for (site, desk) in &mut self.sites {
            for (id, watched) in &mut desk.promises {
                watched.excluded = excluded.remove(&(site.clone(), id.clone())).unwrap_or_default();
            }
            let whole: Vec<String> = desk
                .promises
                .values()
                .filter(|watched| !watched.whole)
                .map(|watched| watched.promise.slo.id.clone())
                .collect();
            for ids in whole.chunks(WHOLE_AT_ONCE) {
                read_minutes(state, site, desk, Some(ids), now_min).await?;
                for id in ids {
                    if let Some(watched) = desk.promises.get_mut(id) {
                        watched.whole = true;
                    }
                }
            }
            if whole.len() < desk.promises.len()
                && let Err(error) = read_minutes(state, site, desk, None, now_min).await
            {
                if error.is_transient() {
                    return Err(error);
                }
                // More is new than fits into an answer, as after an import of history: everything is read in pieces next time.
                desk.promises.values_mut().for_each(|watched| watched.whole = false);
            }
        }
        Ok(())
    }

    /// Judges the minutes of `span` one after another, and tells what changed.
    pub fn judge(&mut self, span: Range<i64>) -> Vec<Turn> {
        let mut turns = Vec::new();
        if span.is_empty() {
            return turns;
        }
        for watched in self.sites.values_mut().flat_map(|site| site.promises.values_mut()) {
            // What nobody counted yet cannot be judged; it would look like a lull.
            if !watched.promise.counted {
                continue;
            }
            let excluded = |minute: i64| watched.excluded.iter().any(|span| span.contains(&(minute * 60)));
            let sums = watched.minutes.sums(span.end, excluded, &mut self.buffer);
            for minute in span.clone() {
                for (rule, state) in &mut watched.rules {
                    let (long, short) = (sums.last(minute + 1, rule.long_min), sums.last(minute + 1, rule.short_min));
                    let verdict = rule.judge(watched.objective, &watched.options, long, short, rule.long_min);
                    let before = *state;
                    let (next, change) = state.step(rule, &watched.options, verdict, minute);
                    *state = next;
                    if let Some(change) = change {
                        let since = match before {
                            State::Pending { since_min } | State::Firing { since_min } => since_min,
                            State::Inactive => minute,
                        };
                        let (promise, rule) = (watched.promise.clone(), rule.clone());
                        turns.push(Turn { promise, rule, change, minute, since, long });
                    }
                }
            }
        }
        turns.sort_by_key(|turn| turn.minute);
        turns
    }
}

/// Reads minutes of a site: all that are kept of some promises, or those of all that were counted since the last time.
async fn read_minutes(
    state: &QueryState,
    site: &str,
    desk: &mut SiteDesk,
    whole: Option<&[String]>,
    now_min: i64,
) -> Result<(), StoreError> {
    let mut scope = Scope::of(site);
    let oldest = scope.bind("Int64", Param::Int((now_min - KEPT_MIN) * 60));
    let mut conditions = vec![format!("minute >= toDateTime({oldest}, 'UTC')")];
    match whole {
        Some(ids) => conditions.push(format!("has({}, slo)", scope.texts(ids.to_vec()))),
        None => {
            let since = scope.bind("Int64", Param::Int(desk.read_to_ms - OVERLAP_MS));
            conditions.push(format!("toUnixTimestamp64Milli(counted_at) >= {since}"));
        }
    }
    let rows = scope.rows(SiteTable::SloMinutes, "*", &conditions);
    let select = "slo, version, intDiv(toUnixTimestamp(minute), 60) AS at, argMax(good, counted_at), argMax(valid, counted_at), \
                  max(toUnixTimestamp64Milli(counted_at))";
    let statement = scope.statement(select, rows, "GROUP BY slo, version, at");
    let found = state.store.query_json(statement.sql(), &statement.params(), state.config.limits()).await?;
    let moves = whole.is_none() || desk.read_to_ms == 0;
    for row in &found {
        let Some(told) = told_of(row) else { continue };
        if moves {
            desk.read_to_ms = desk.read_to_ms.max(told.counted_at_ms);
        }
        if let Some(watched) = desk.promises.get_mut(told.slo)
            && watched.promise.version == told.version
        {
            watched.minutes.set(told.minute, told.counts);
        }
    }
    Ok(())
}

struct Told<'r> {
    slo: &'r str,
    version: i64,
    minute: i64,
    counts: Counts,
    counted_at_ms: i64,
}

fn told_of(row: &JsonRow) -> Option<Told<'_>> {
    let number = |index: usize| row.get(index)?.as_i64();
    Some(Told {
        slo: row.first()?.as_str()?,
        version: number(1)?,
        minute: number(2)?,
        counts: Counts { good: number(3)?, valid: number(4)? },
        counted_at_ms: number(5)?,
    })
}
