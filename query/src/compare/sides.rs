//! What is compared: the views of each side and the time that they are of.

use crate::calls::Question;
use crate::grammar::{DAY_MS, Dimension, Fault, Filter, HOUR_MS, Op, Query, Vs, rfc3339};
use crate::planner::scope::{Rows, Scope};
use crate::planner::{Ask, Cells, OneIn, Plan, Sample, SourceKind, VIEWS_KEPT_DAYS, Window, raw_views};
use crate::state::fault_problem;
use felt_http::Problem;
use serde_json::{Value, json};

/// Most page views of both sides that are read singly for the sake of finer strata; above that rollups have to do.
const VIEWS_READ_MAX: i64 = 4_000_000;
/// Fewest page views of a side that are worth hours of the week, and hours of the day, as strata.
const VIEWS_FOR_WEEK_HOURS: i64 = 20_000;
const VIEWS_FOR_DAY_HOURS: i64 = 1_000;

/// The two sides of a comparison.
pub(super) struct Sides {
    /// What the question is about, and what it is compared with: filters and who, nothing measured.
    pub asks: [Ask; 2],
    /// The times of both.
    pub windows: [Window; 2],
}

impl Sides {
    /// The sides of a question.
    pub fn of(question: &Question) -> Result<Self, Problem> {
        let Question { query, window, now_ms, .. } = question;
        let vs = query.vs.resolve((window.from_ms, window.to_ms), *now_ms).map_err(fault_problem)?;
        let mut filters = [query.filters.clone(), query.filters.clone()];
        if let Vs::Release(release) = &query.vs {
            filters = of_release(&query.filters, release).map_err(fault_problem)?;
        }
        let asks = filters.map(|filters| Ask::counts(&filters, query.who));
        Ok(Self { asks, windows: [*window, Window { from_ms: vs.0, to_ms: vs.1 }] })
    }

    /// How a question about both is answered.
    /// Where both together would read too many single page views, both read the same sample of sessions.
    pub async fn plans(&self, question: &Question, change: impl Fn(&Ask) -> Ask) -> Result<[(Ask, Plan); 2], Problem> {
        let plans = self.of_all(question, change)?;
        let sample = match views_of(&plans) {
            Some(views) => question.sample(views).await,
            None => None,
        };
        Ok(plans.map(|(ask, plan)| (ask, plan.sampled(sample.as_ref()))))
    }

    /// The same with all page views, and the part of them that may be read instead where enough are left of it.
    pub async fn parts(
        &self,
        question: &Question,
        change: impl Fn(&Ask) -> Ask,
    ) -> Result<([(Ask, Plan); 2], Option<Sample>), Problem> {
        let plans = self.of_all(question, change)?;
        let part = match views_of(&plans) {
            Some(views) => question.part(views).await,
            None => None,
        };
        Ok((plans, part))
    }

    fn of_all(&self, question: &Question, change: impl Fn(&Ask) -> Ask) -> Result<[(Ask, Plan); 2], Problem> {
        let of = |side: usize| {
            let ask = change(&self.asks[side]);
            let plan = question.state.plan(&ask, self.windows[side])?;
            Ok::<_, Problem>((ask, plan))
        };
        Ok([of(0)?, of(1)?])
    }

    /// Both sides' cells.
    pub async fn cells(question: &Question, plans: &[(Ask, Plan); 2]) -> Result<[Cells; 2], Problem> {
        let of = |side: usize| question.state.cells("compare", &question.site, &plans[side].0, &plans[side].1);
        let (first, second) = futures::future::try_join(of(0), of(1)).await?;
        Ok([first, second])
    }

    /// Whether single views of both sides, which have so many, may be read from `source` for the sake of finer strata.
    pub fn readable(&self, question: &Question, views: [i64; 2], source: Option<SourceKind>) -> bool {
        let kept_since_ms = (question.now_ms.div_euclid(DAY_MS) - VIEWS_KEPT_DAYS) * DAY_MS;
        let few = match source {
            Some(SourceKind::Raw) => views[0].saturating_add(views[1]) <= VIEWS_READ_MAX,
            Some(SourceKind::Sample(_)) => true,
            Some(SourceKind::Rollup) | None => false,
        };
        few && self.windows.iter().all(|window| window.from_ms >= kept_since_ms)
    }

    /// Slots of time that both sides can have in common, and whose strata can be filled: hours of the week, of the day, or one.
    pub fn slots(&self, views: [i64; 2], one_in: OneIn) -> u32 {
        let fewest = views[0].min(views[1]) / i64::from(one_in.get());
        let [first, second] = self.windows;
        let shorter_ms = (first.to_ms - first.from_ms).min(second.to_ms - second.from_ms);
        let shift_ms = first.from_ms - second.from_ms;
        let common = |period_ms: i64| {
            let off_ms = shift_ms.rem_euclid(period_ms);
            // Whole hours make a shift a little longer than a week.
            shorter_ms >= period_ms || off_ms.min(period_ms - off_ms) < HOUR_MS
        };
        if fewest >= VIEWS_FOR_WEEK_HOURS && common(7 * DAY_MS) {
            168
        } else if fewest >= VIEWS_FOR_DAY_HOURS && common(DAY_MS) {
            24
        } else {
            1
        }
    }

    /// What is compared with, as the answer echoes it.
    pub fn echo(&self, query: &Query, vs_plan: &Plan) -> Value {
        let (from, to) = (rfc3339(vs_plan.window.from_ms), rfc3339(vs_plan.window.to_ms));
        match &query.vs {
            Vs::Release(release) => json!({"release": release, "from": from, "to": to}),
            Vs::Prev | Vs::Week | Vs::Year | Vs::ReleaseBefore | Vs::Between(..) => json!({"from": from, "to": to}),
        }
    }
}

/// The single page views that both sides read, if any.
fn views_of(plans: &[(Ask, Plan); 2]) -> Option<impl Fn(&mut Scope, Option<&Sample>) -> Rows> {
    let singly: Vec<&(Ask, Plan)> = plans.iter().filter(|(_, plan)| plan.kind() == SourceKind::Raw).collect();
    let of = |scope: &mut Scope, (ask, plan): &(Ask, Plan), sample: Option<&Sample>| {
        raw_views(scope, ask, (plan.window, sample), "sign")
    };
    (!singly.is_empty()).then_some(move |scope: &mut Scope, sample: Option<&Sample>| {
        let first = of(scope, singly[0], sample);
        singly[1..].iter().map(|other| of(scope, other, sample)).fold(first, Rows::and)
    })
}

/// Whether both plans come from the same kind of source.
pub(super) fn same_source(plans: &[(Ask, Plan); 2]) -> Option<SourceKind> {
    (plans[0].1.kind() == plans[1].1.kind()).then(|| plans[0].1.kind())
}

/// The filters of both sides when one is a release: the other is the release that the question names, or all others.
fn of_release(filters: &[Filter], release: &str) -> Result<[Vec<Filter>; 2], Fault> {
    let is_release = |filter: &&Filter| filter.dimension == Dimension::Release;
    let same = filters.iter().filter(is_release).any(|filter| filter.op == Op::Is && filter.values == [release]);
    if same {
        let detail = format!("this compares release {release} with itself: name another in `f` or in `vs`");
        return Err(Fault::new("vs", detail));
    }
    let filter = |op: Op| Filter { dimension: Dimension::Release, op, values: vec![release.to_owned()] };
    let mut first = filters.to_vec();
    first.push(filter(Op::Not));
    let mut second: Vec<Filter> = filters.iter().filter(|filter| !is_release(filter)).cloned().collect();
    second.push(filter(Op::Is));
    Ok([first, second])
}
