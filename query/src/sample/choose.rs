//! Whether a question reads a sample, and how small a one.
//!
//! The index tells how many rows a question would look at; from that, and from what its filters leave of a sample, follows which part of
//! the sessions it reads. A screen asks several questions about the same page views at once: the first of them finds out for all.

use crate::calls::Question;
use crate::planner::scope::{Rows, Scope, ServiceTable, Statement};
use crate::planner::{Ask, OneIn, Plan, Sample, SourceKind, raw_views, sample};
use crate::state::QueryState;
use felt_http::Problem;
use lru::LruCache;
use parking_lot::Mutex;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;

/// A sample has to leave one page view for so many rows that may be read: a thousand of four million.
const ROWS_TO_READ_VIEWS: u64 = 4_000;
/// How long it is believed which days the sample of page views has.
const DAYS_AGE_MAX: Duration = Duration::from_secs(30);
/// Choices that are remembered.
const CHOICES_MAX: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();

/// What was chosen a moment ago.
pub(crate) struct Choices {
    age_max: Duration,
    days: Mutex<Option<(Vec<String>, Instant)>>,
    made: Mutex<LruCache<String, Arc<Choice>>>,
}

struct Choice {
    since: Instant,
    sample: OnceCell<Option<Sample>>,
}

impl Choices {
    /// None yet; each is believed for so long.
    pub fn new(age_max: Duration) -> Self {
        Self { age_max, days: Mutex::default(), made: Mutex::new(LruCache::new(CHOICES_MAX)) }
    }

    /// The choice for the page views that `statement` selects, made or not.
    fn of(&self, site: &str, statement: &Statement) -> Arc<Choice> {
        let key = format!("{site} {} {:?}", statement.sql(), statement.params());
        let mut made = self.made.lock();
        if let Some(choice) = made.get(&key).filter(|choice| choice.since.elapsed() < self.age_max) {
            return choice.clone();
        }
        let choice = Arc::new(Choice { since: Instant::now(), sample: OnceCell::new() });
        made.put(key, choice.clone());
        choice
    }
}

impl Question {
    /// Plans the answer to `ask`: a sample of sessions where it would read too many single page views.
    pub(crate) async fn plan(&self, ask: &Ask) -> Result<Plan, Problem> {
        let plan = self.state.plan(ask, self.window)?;
        if plan.kind() != SourceKind::Raw {
            return Ok(plan);
        }
        let views = |scope: &mut Scope, sample: Option<&Sample>| raw_views(scope, ask, (plan.window, sample), "sign");
        let sample = self.sample(views).await;
        Ok(plan.sampled(sample.as_ref()))
    }

    /// The sessions that are read where `views` are too many; `None` where all may be read, where no day is in the sample, where that would
    /// cost no less, where few views would be left of it, or where the store does not say: then the question itself is told why.
    pub(crate) async fn sample(&self, views: impl Fn(&mut Scope, Option<&Sample>) -> Rows) -> Option<Sample> {
        let state = &self.state;
        if self.query.exact || state.forced.is_some() {
            return None;
        }
        let days = days(state).await.ok()?;
        if days.is_empty() {
            return None;
        }
        let mut scope = Scope::of(&self.site);
        let all = views(&mut scope, None);
        let all = sample::estimate(scope, all);
        let choice = state.choices.of(&self.site, &all);
        choice.sample.get_or_try_init(|| self.choose(all, days, views)).await.ok()?.clone()
    }

    /// Chooses for `views`, of which `all` tells how many rows would be looked at.
    async fn choose(
        &self,
        all: Statement,
        days: Vec<String>,
        views: impl Fn(&mut Scope, Option<&Sample>) -> Rows,
    ) -> Result<Option<Sample>, Problem> {
        let (state, call) = (&self.state, self.query.call.name());
        let ask = async |statement: &Statement| state.rows(call, &self.site, statement).await;
        let some = Sample { one_in: OneIn::LEAST, days };
        let mut scope = Scope::of(&self.site);
        let rows = views(&mut scope, Some(&some));
        let estimate = sample::estimate(scope, rows);
        let (all, least) = futures::future::try_join(ask(&all), ask(&estimate)).await?;
        let ((all, _), (least, sampled)) = (sample::estimated(&all), sample::estimated(&least));
        let rows_max = state.config.exact_rows_max;
        let Some(one_in) = OneIn::of_rows(all, sampled, rows_max) else { return Ok(None) };
        // What is not in the sample is looked at whole, whatever is chosen.
        if least - sampled + one_in.of_least(sampled) >= all {
            return Ok(None);
        }
        let sample = Sample { one_in, ..some };
        // Whoever asks about few wants all of them: what a filter leaves of a sample may be too little to judge by.
        let mut scope = Scope::of(&self.site);
        let rows = views(&mut scope, Some(&sample));
        let read = ask(&scope.statement("toInt64(sum(sign))", rows, "")).await?;
        let read = read.first().and_then(|row| row.first()?.as_i64()).unwrap_or(0);
        let enough = i64::try_from(rows_max / ROWS_TO_READ_VIEWS).unwrap_or(i64::MAX);
        Ok(Some(sample).filter(|_| read >= enough))
    }
}

/// Days of arrival that are in the sample.
async fn days(state: &QueryState) -> Result<Vec<String>, Problem> {
    if let Some((days, since)) = &*state.choices.days.lock()
        && since.elapsed() < DAYS_AGE_MAX
    {
        return Ok(days.clone());
    }
    let since = Instant::now();
    let statement = Statement::service(ServiceTable::SampledDays, "toString(day)", felt_store::sample::DAYS_SQL);
    let rows = state.run("sampled_days", &statement, state.config.limits()).await?;
    let days: Vec<String> = rows.iter().filter_map(|row| Some(row.first()?.as_str()?.to_owned())).collect();
    *state.choices.days.lock() = Some((days.clone(), since));
    Ok(days)
}
