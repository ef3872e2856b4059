//! From what was read to the figures of an answer. Of nothing there is no figure: null, never 0.

use super::facts::AMOUNT_PARTS;
use super::reading::Reading;
use super::shapes::{
    ControlSpan, Exposed, Felt, FeltScore, GaveUp, Hurt, HurtCount, Impact, JourneyHurt, LastStep, Lost, LostStratum,
    Minute, Money, RetriesMade, Segment, Settled,
};
use super::{MINUTES_MAX, words};
use crate::grammar::{MINUTE_MS, rfc3339};
use crate::record::{number, number_or_null};
use felt_schema::happiness::{LevelCounts, Score, SessionScores, session_points};
use felt_schema::impact::{
    Abandonment, LostCustomers, View, abandonment, exposure, lost_customers, retries, revenue, views_per_minute,
};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// The answer, but for its words.
pub fn impact(reading: &Reading) -> Impact {
    let Reading { spans, facts, journeys, .. } = reading;
    let of = |place: Option<usize>| facts.views(journeys, place, &reading.page_steps, &reading.currency);
    let views = of(reading.main);
    let (there, control) = (exposure(&views, &spans.window), exposure(&views, &spans.control));
    let mut told: Vec<JourneyHurt> = Vec::new();
    let mut first = None;
    let others = (0..journeys.len()).filter(|place| Some(*place) != reading.main);
    for place in reading.main.into_iter().chain(others) {
        let other;
        let views = if Some(place) == reading.main { &views } else { (other = of(Some(place)), &other).1 };
        let steps = u8::try_from(journeys[place].journey.steps.len()).unwrap_or(u8::MAX);
        let broken_off = abandonment(views, spans, steps);
        if broken_off.window.started > 0 || broken_off.control.started > 0 {
            told.push(journey(reading, place, &broken_off));
            if Some(place) == reading.main {
                first = broken_off.excess;
            }
        }
    }
    let recognised = facts.recognised();
    let known: Vec<View> = views.iter().filter(|view| recognised.contains(&view.person)).copied().collect();
    let customers = lost_customers(&known, spans);
    let can_tell = reading.lost_settled && customers.total.controls > 0;
    let lost = can_tell.then_some(&customers);
    let retried = retries(&views, spans);
    let minutes = views_per_minute(&views, &spans.window);
    let control_minutes = (spans.control.end - spans.control.start) as f64 / MINUTE_MS as f64;
    let a_minute = (control.views > 0).then(|| control.views as f64 / control_minutes.ceil());
    let failures = || views.iter().filter(|view| view.counts && view.failed && spans.window.contains(&view.at_ms));
    let seen = views.iter().filter(|view| view.counts && spans.window.contains(&view.at_ms));
    let visitors: std::collections::HashSet<u64> =
        seen.map(|view| view.person).filter(|person| recognised.contains(person)).collect();
    let mut impact = Impact {
        exposed: Exposed {
            views: there.views,
            sessions: there.sessions,
            visitors: there.people,
            recognised: visitors.len() as i64,
        },
        hurt: Hurt {
            hard: HurtCount::of(there.people_hard, there.sessions_hard, there.views_failed, there.share_hard()),
            soft: HurtCount::of(there.people_soft, there.sessions_soft, there.views_soft, there.share_soft()),
            first_failure: failures().next().map(|view| rfc3339(view.at_ms)),
            last_failure: failures().next_back().map(|view| rfc3339(view.at_ms)),
        },
        happiness: Felt {
            views: FeltScore::of(&felt(&views, &spans.window)),
            control_views: FeltScore::of(&felt(&views, &spans.control)),
            sessions: FeltScore::of(&sessions_felt(&views, &spans.window)),
            control_sessions: FeltScore::of(&sessions_felt(&views, &spans.control)),
        },
        retries: RetriesMade {
            views: retried.count,
            succeeded: retried.succeeded,
            chains: retried.chains,
            longest_chain: retried.longest_chain,
            amplification: number_or_null(retried.amplification),
            herd: number_or_null(reading.herd_views.zip(a_minute).map(|(most, usual)| most as f64 / usual)),
            herd_views: reading.herd_views,
        },
        gave_up: GaveUp {
            sessions: retried.sessions_that_gave_up,
            median_s: number_or_null(retried.time_to_give_up_ms_p50.map(|ms| ms as f64 / 1_000.0)),
        },
        journeys: told,
        lost: lost.map_or_else(Lost::unknown, Lost::of),
        money: money(reading, &known, first, lost),
        by: by(&reading.segments),
        minutes: if minutes.len() > MINUTES_MAX { Vec::new() } else { each_minute(&minutes, spans.window.start) },
        control: ControlSpan {
            from: rfc3339(spans.control.start),
            to: rfc3339(spans.control.end),
            views: control.views,
            visitors: control.people,
        },
        settled: Settled {
            journeys_at: rfc3339(spans.window.end + spans.recover_ms),
            lost_at: rfc3339(Reading::lost_at_ms(spans)),
            now: reading.journeys_settled && reading.lost_settled,
        },
        paragraphs: Vec::new(),
    };
    impact.paragraphs = words::paragraphs(reading, &impact);
    impact
}

fn felt(views: &[View], span: &Range<i64>) -> Score {
    let mut counts = LevelCounts::default();
    for level in views.iter().filter(|view| view.counts && span.contains(&view.at_ms)).filter_map(|view| view.level) {
        counts.add(level, 1);
    }
    counts.score()
}

/// Of each visit its worst view and its last.
fn sessions_felt(views: &[View], span: &Range<i64>) -> Score {
    let mut sessions: HashMap<u64, Vec<_>> = HashMap::new();
    for view in views.iter().filter(|view| view.counts && span.contains(&view.at_ms)) {
        sessions.entry(view.session).or_default().push(view.level);
    }
    let mut scores = SessionScores::default();
    for points in sessions.into_values().filter_map(session_points) {
        scores.add(points);
    }
    scores.score()
}

fn each_minute(minutes: &[(i64, i64)], start_ms: i64) -> Vec<Minute> {
    let minute = |(index, (views, failed)): (i64, &(i64, i64))| Minute {
        time: rfc3339(start_ms + index * MINUTE_MS),
        views: *views,
        failed: *failed,
    };
    (0..).zip(minutes).map(minute).collect()
}

fn journey(reading: &Reading, place: usize, broken_off: &Abandonment) -> JourneyHurt {
    let (known, window, control) = (&reading.journeys[place], &broken_off.window, &broken_off.control);
    let started = window.started as f64;
    let difference = broken_off.rate_difference.filter(|_| broken_off.excess.is_some());
    let names = std::iter::once(None).chain(known.journey.steps.iter().map(|step| Some(step.name.clone())));
    let after = names.zip(&window.abandoned_by_last_step).map(|(step, count)| LastStep { step, count: *count });
    JourneyHurt {
        journey: known.id.clone(),
        name: known.journey.name.clone(),
        started: window.started,
        completed: window.completed,
        recovered: window.recovered,
        abandoned: window.abandoned,
        abandoned_after: after.collect(),
        control_started: control.started,
        control_completed: control.completed,
        control_recovered: control.recovered,
        control_abandoned: control.abandoned,
        control_rate: number_or_null(control.abandon_rate()),
        excess: number_or_null(broken_off.excess),
        low: number_or_null(difference.map(|difference| difference.low * started)),
        high: number_or_null(difference.map(|difference| difference.high * started)),
    }
}

fn money(reading: &Reading, known: &[View], excess: Option<f64>, lost: Option<&LostCustomers>) -> Money {
    let sums = revenue(known, &reading.spans, reading.orders, excess, lost.map_or(0.0, |lost| lost.lost));
    let unit = |parts: Option<f64>| parts.map(|parts| parts / AMOUNT_PARTS);
    let (immediate, future) = (unit(sums.immediate), unit(sums.future).filter(|_| lost.is_some()));
    let each = unit(sums.per_returning_control).filter(|_| lost.is_some() && reading.orders.count > 0);
    let future = future.filter(|_| reading.orders.count > 0);
    Money {
        currency: (!reading.currency.is_empty()).then(|| reading.currency.clone()),
        orders: sums.orders,
        average_order: number_or_null(unit(sums.average_order)),
        per_returning_control: number_or_null(each),
        immediate: number_or_null(immediate),
        future: number_or_null(future),
        total: number_or_null(immediate.zip(future).map(|(now, later)| now + later)),
    }
}

fn by(rows: &[felt_store::JsonRow]) -> BTreeMap<String, Vec<Segment>> {
    let mut by: BTreeMap<String, Vec<Segment>> = BTreeMap::new();
    for name in ["page", "country", "device", "release"] {
        by.insert(name.into(), Vec::new());
    }
    for row in rows {
        let text = |index: usize| row.get(index).and_then(Value::as_str).unwrap_or_default().to_owned();
        let int = |index: usize| row.get(index).and_then(Value::as_i64).unwrap_or(0);
        by.entry(text(0)).or_default().push(Segment {
            value: text(1),
            visitors: int(2),
            hard: int(3),
            soft: int(4),
            views: int(5),
            failed_views: int(6),
        });
    }
    by
}

impl HurtCount {
    fn of(visitors: i64, sessions: i64, views: i64, share: Option<(f64, (f64, f64))>) -> Self {
        let (low, high) = (share.map(|share| share.1.0), share.map(|share| share.1.1));
        let share = number_or_null(share.map(|share| share.0));
        Self { visitors, sessions, views, share, low: number_or_null(low), high: number_or_null(high) }
    }
}

impl FeltScore {
    fn of(score: &Score) -> Self {
        let Score { count, value, low, high, .. } = *score;
        Self { count, value: number_or_null(value), low: number_or_null(low), high: number_or_null(high) }
    }
}

impl Lost {
    fn unknown() -> Self {
        Self {
            visitors: Value::Null,
            low: Value::Null,
            high: Value::Null,
            affected: None,
            returned: None,
            controls: None,
            controls_returned: None,
            rate_drop: Value::Null,
            rate_drop_low: Value::Null,
            rate_drop_high: Value::Null,
            strata: Vec::new(),
        }
    }

    fn of(customers: &LostCustomers) -> Self {
        let total = &customers.total;
        let drop = customers.unstratified.filter(|_| total.affected > 0);
        let stratum =
            |((who, doing), stratum): (&(&'static str, &'static str), &felt_schema::impact::Stratum)| LostStratum {
                who,
                doing,
                affected: stratum.affected,
                returned: stratum.affected_returned,
                controls: stratum.controls,
                controls_returned: stratum.controls_returned,
                control_rate: number_or_null(stratum.control_rate),
                control_rate_from: stratum.control_rate_from,
            };
        Self {
            visitors: number(customers.lost),
            low: number(customers.interval.0),
            high: number(customers.interval.1),
            affected: Some(total.affected),
            returned: Some(total.affected_returned),
            controls: Some(total.controls),
            controls_returned: Some(total.controls_returned),
            rate_drop: number_or_null(drop.map(|drop| drop.value)),
            rate_drop_low: number_or_null(drop.map(|drop| drop.low)),
            rate_drop_high: number_or_null(drop.map(|drop| drop.high)),
            strata: customers.strata.iter().map(stratum).collect(),
        }
    }
}
