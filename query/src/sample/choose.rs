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
const CHOICES_MAX: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// What was chosen a moment ago.
pub(crate) struct Choices {
    age_max: Duration,
    days: Mutex<Option<(Vec<String>, Instant)>>,
    made: Mutex<LruCache<String, Arc<Choice>>>,
}

struct Choice {
    since: Instant,
    part: OnceCell<Option<Sample>>,
    /// Page views in it.
    read: OnceCell<i64>,
}

impl Choices {
    /// None yet; each is believed for so long.
    pub fn new(age_max: Duration) -> Self {
        Self { age_max, days: Mutex::default(), made: Mutex::new(LruCache::new(CHOICES_MAX)) }
    }

    /// The choice for the page views that `statement` selects, made or not. One that was begun after `asked` is always believed: a question
    /// looks at the same page views several times.
    fn of(&self, site: &str, statement: &Statement, asked: Instant) -> Arc<Choice> {
        let key = format!("{site} {} {:?}", statement.sql(), statement.params());
        let mut made = self.made.lock();
        let holds = |choice: &&Arc<Choice>| choice.since >= asked || choice.since.elapsed() < self.age_max;
        if let Some(choice) = made.get(&key).filter(holds) {
            return choice.clone();
        }
        let choice = Arc::new(Choice { since: Instant::now(), part: OnceCell::new(), read: OnceCell::new() });
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
        self.counted(views).await.map(|(sample, _)| sample)
    }

    /// The same, and how many of the views are in it.
    pub(crate) async fn counted(&self, views: impl Fn(&mut Scope, Option<&Sample>) -> Rows) -> Option<(Sample, i64)> {
        let choice = self.choice(&views).await.ok()??;
        let sample = choice.part.get()?.clone()?;
        let read = choice.read.get_or_try_init(async || {
            let mut scope = Scope::of(&self.site);
            let rows = views(&mut scope, Some(&sample));
            let read = self.ask(&scope.statement("toInt64(sum(sign))", rows, "")).await?;
            Ok::<_, Problem>(read.first().and_then(|row| row.first()?.as_i64()).unwrap_or(0))
        });
        let read = *read.await.ok()?;
        Some((sample, read)).filter(|(_, read)| self.is_enough(*read))
    }

    /// As [`Question::sample`], for whoever knows how many views there are and asks [`Question::is_enough`] himself.
    pub(crate) async fn part(&self, views: impl Fn(&mut Scope, Option<&Sample>) -> Rows) -> Option<Sample> {
        self.choice(&views).await.ok()??.part.get()?.clone()
    }

    /// Whether so many page views are enough of a sample: who asks about few wants all of them, for what a filter leaves may be too little
    /// to judge by.
    pub(crate) fn is_enough(&self, read: i64) -> bool {
        let enough = self.state.config.exact_rows_max / ROWS_TO_READ_VIEWS;
        read >= i64::try_from(enough).unwrap_or(i64::MAX)
    }

    /// The choice for `views`, made; `None` where there is none to make.
    async fn choice(
        &self,
        views: &impl Fn(&mut Scope, Option<&Sample>) -> Rows,
    ) -> Result<Option<Arc<Choice>>, Problem> {
        let state = &self.state;
        if self.query.exact || state.forced.is_some() {
            return Ok(None);
        }
        let days = days(state).await?;
        if days.is_empty() {
            return Ok(None);
        }
        let estimate = |sample: Option<&Sample>| {
            let mut scope = Scope::of(&self.site);
            let rows = views(&mut scope, sample);
            sample::estimate(scope, rows)
        };
        let all = estimate(None);
        let choice = state.choices.of(&self.site, &all, self.asked);
        let part = async || {
            let least = Sample { one_in: OneIn::LEAST, days };
            let some = estimate(Some(&least));
            let (all, some) = futures::future::try_join(self.ask(&all), self.ask(&some)).await?;
            let ((all, _), (some, sampled)) = (sample::estimated(&all), sample::estimated(&some));
            let one_in = OneIn::of_rows(all, sampled, state.config.exact_rows_max);
            // What is not in the sample is looked at whole, whatever is chosen.
            let one_in = one_in.filter(|one_in| some - sampled + one_in.of_least(sampled) < all);
            Ok::<_, Problem>(one_in.map(|one_in| Sample { one_in, ..least }))
        };
        choice.part.get_or_try_init(part).await?;
        Ok(Some(choice))
    }

    async fn ask(&self, statement: &Statement) -> Result<Vec<felt_store::JsonRow>, Problem> {
        self.state.rows(self.query.call.name(), &self.site, statement).await
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
