//! What all requests share, and the one way of a question to the store: bounded for each site, limited in what it may
//! cost, cancelled when the asker goes.

use crate::audit::Trail;
use crate::cache::Cache;
use crate::config::QueryConfig;
use crate::events::{self, StoreAsked};
use crate::grammar::{DAY_MS, Fault, Faults};
use crate::links::WithLinks;
use crate::people::{People, WithSessions};
use crate::planner::scope::Statement;
use crate::planner::{self, Ask, Cells, Plan, SettledDays, SourceKind, Window};
use crate::sample::Choices;
use crate::watermark::Watermark;
use felt_http::{Authorize, Problem};
use felt_schema::clock::SharedClock;
use felt_schema::site::{Site, Sites};
use felt_store::{JsonRow, QueryLimits, Store, StoreError};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// The query role's state. Cheap to clone.
#[derive(Clone)]
pub struct QueryState(Arc<Shared>);

/// Who looks after alerts is woken by these before its time.
#[derive(Debug, Default)]
pub struct Bells {
    pub(crate) judge: tokio::sync::Notify,
    pub(crate) tell: tokio::sync::Notify,
    /// Until when what was received is counted for every promise by this process, in Unix ms, and when that was found out.
    pub(crate) counted_to: Mutex<Option<(i64, Instant)>>,
}

/// What the handlers see of it.
#[allow(missing_docs)] // Not to be named outside of this crate.
pub struct Shared {
    pub(crate) config: QueryConfig,
    pub(crate) store: Store,
    pub(crate) sites: Arc<Sites>,
    pub(crate) clock: SharedClock,
    pub(crate) authorize: Arc<dyn Authorize>,
    pub(crate) people: Arc<People>,
    pub(crate) trail: Trail,
    pub(crate) watermark: Watermark,
    pub(crate) cache: Arc<Cache>,
    /// Told when an erasure was asked for.
    pub(crate) erasures: tokio::sync::Notify,
    /// What Prometheus was told of each site.
    pub(crate) exports: crate::prometheus::Exports,
    /// Told when a promise was made or changed.
    pub(crate) promises: tokio::sync::Notify,
    /// Told when there is something to judge or to tell.
    pub(crate) alerts: Bells,
    /// How old the figures were whenever this process looked.
    pub(crate) looks: crate::slos::looks::Looks,
    places: HashMap<String, Semaphore>,
    rates: Mutex<HashMap<String, (Option<f64>, Instant)>>,
    settled: Mutex<HashMap<String, Settled>>,
    pub(crate) choices: Choices,
    pub(crate) forced: Option<SourceKind>,
}

impl std::ops::Deref for QueryState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl QueryState {
    /// The state of a query role over `store`.
    pub fn new(
        config: QueryConfig,
        store: Store,
        sites: Arc<Sites>,
        clock: SharedClock,
        authorize: Arc<dyn Authorize>,
    ) -> Self {
        Self::with_source(config, store, sites, clock, authorize, None)
    }

    /// As [`QueryState::new`], but answering from one source wherever that can answer: for tests that compare the two.
    #[doc(hidden)]
    pub fn with_source(
        config: QueryConfig,
        store: Store,
        sites: Arc<Sites>,
        clock: SharedClock,
        authorize: Arc<dyn Authorize>,
        forced: Option<SourceKind>,
    ) -> Self {
        let places = sites.iter().map(|site| (site.key.clone(), Semaphore::new(config.queries_per_site_max)));
        let watermark = Watermark::new(Duration::from_millis(config.watermark_ms));
        let cache = Arc::new(Cache::new(config.cache_entries_max, Duration::from_millis(config.cache_ms)));
        let choices = Choices::new(Duration::from_millis(config.cache_ms));
        let (places, rates) = (places.collect(), Mutex::default());
        let people = Arc::new(People::new(&config, store.clone(), clock.clone()));
        let trail = Trail::new(store.clone(), clock.clone());
        let authorize = Arc::new(WithLinks::new(store.clone(), clock.clone(), authorize));
        // Sessions of people are known here only: nothing but the query role takes their cookies.
        let authorize = Arc::new(WithSessions::new(people.clone(), authorize));
        let (erasures, promises) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
        let exports = crate::prometheus::Exports::of(&sites);
        Self(Arc::new(Shared {
            config,
            store,
            sites,
            clock,
            authorize,
            people,
            trail,
            watermark,
            cache,
            erasures,
            exports,
            promises,
            alerts: Bells::default(),
            looks: Default::default(),
            places,
            rates,
            settled: Mutex::default(),
            choices,
            forced,
        }))
    }

    /// The site of that key, for whoever may use `scope` on it. A token that is not for the site learns nothing about
    /// whether it exists.
    pub(crate) async fn site(
        &self,
        key: &str,
        bearer: Option<&str>,
        scope: felt_http::Scope,
    ) -> Result<&Site, Problem> {
        if let Err(denied) = self.authorize.authorize(bearer, key, scope).await {
            events::refused("denied");
            return Err(denied.into());
        }
        self.sites.get(key).ok_or_else(|| {
            let keys: Vec<&str> = self.sites.iter().map(|site| site.key.as_str()).collect();
            let problem = Problem::not_found("there is no such site");
            match crate::grammar::nearest(key, &keys) {
                // Only who may see every site is told what there is.
                Some(near) if bearer.is_none() => problem.field("did_you_mean", near),
                _ => problem,
            }
        })
    }

    /// Runs a statement about a site.
    pub(crate) async fn rows(
        &self,
        call: &'static str,
        site: &str,
        statement: &Statement,
    ) -> Result<Vec<JsonRow>, Problem> {
        let _place = self.place(site).await?;
        self.run(call, statement, self.config.limits()).await
    }

    /// Runs a statement, whatever it is about.
    pub(crate) async fn run(
        &self,
        call: &'static str,
        statement: &Statement,
        limits: QueryLimits,
    ) -> Result<Vec<JsonRow>, Problem> {
        let asked = StoreAsked::begin(call);
        let params = statement.params();
        let rows = self.store.query_json(statement.sql(), &params, limits).await;
        asked.end(rows.as_ref().err());
        rows.map_err(store_problem)
    }

    async fn place(&self, site: &str) -> Result<Option<tokio::sync::SemaphorePermit<'_>>, Problem> {
        let Some(places) = self.places.get(site) else { return Ok(None) };
        let wait = Duration::from_millis(self.config.queue_wait_ms_max);
        match tokio::time::timeout(wait, places.acquire()).await {
            Ok(Ok(place)) => Ok(Some(place)),
            Ok(Err(_)) | Err(_) => {
                events::refused("busy");
                let detail = "too many questions about this site are being answered: ask again in a moment, fewer at once, \
                              or several in one POST /api/v1/batch";
                Err(Problem::too_many_requests("busy", detail, Duration::from_secs(1)))
            }
        }
    }

    /// Plans the answer to `ask`.
    pub(crate) fn plan(&self, ask: &Ask, window: Window) -> Result<Plan, Problem> {
        planner::plan(ask, window, self.clock.now_ms(), self.forced).map_err(fault_problem)
    }

    /// The cells of `ask` by `plan`.
    pub(crate) async fn cells(&self, call: &'static str, site: &str, ask: &Ask, plan: &Plan) -> Result<Cells, Problem> {
        let plan = self.settled(site, plan.clone()).await?;
        let rows = self.rows(call, site, &planner::statement(site, ask, &plan)).await?;
        Ok(planner::read(ask, &plan, rows))
    }
}

/// How long it is believed which of a site's days can be read by the day. What is written meanwhile is in its hours a moment
/// before it is in its days, as in every table that a batch fills.
const SETTLED_AGE_MAX: Duration = Duration::from_secs(5);

/// Days of arrival that can be read by the day.
struct Settled {
    from_ms: i64,
    days: SettledDays,
    since: Instant,
}

impl QueryState {
    /// The same plan, which knows what it may read by the day.
    pub(crate) async fn settled(&self, site: &str, plan: Plan) -> Result<Plan, Problem> {
        let Some(from_ms) = plan.days_from_ms() else { return Ok(plan) };
        if let Some(held) = self.settled.lock().get(site)
            && held.from_ms <= from_ms
            && held.since.elapsed() < SETTLED_AGE_MAX
        {
            return Ok(plan.settled(held.days.clone()));
        }
        let since = Instant::now();
        let rows = self.rows("settled_days", site, &planner::settled_statement(site, from_ms)).await?;
        let days = SettledDays::read(rows);
        if self.sites.get(site).is_some() {
            self.settled.lock().insert(site.into(), Settled { from_ms, days: days.clone(), since });
        }
        Ok(plan.settled(days))
    }
}

/// How long a site's sample rate is believed.
const RATE_AGE_MAX: Duration = Duration::from_secs(60);

impl QueryState {
    /// The share of a site's views that sampling kept: of the last day, or else of any views that are still there.
    pub(crate) async fn sample_rate(&self, site: &str, now_ms: i64) -> Option<f64> {
        if let Some((rate, since)) = self.rates.lock().get(site)
            && since.elapsed() < RATE_AGE_MAX
        {
            return *rate;
        }
        let day = Window { from_ms: now_ms - DAY_MS, to_ms: now_ms + DAY_MS };
        let mut rate = None;
        for statement in [planner::sampled_of(site, Some(day)), planner::sampled_of(site, None)] {
            // It is a remark beside the figures: without it they still stand.
            let rows = self.rows("sample_rate", site, &statement).await.ok()?;
            rate = rows.first().and_then(|row| row.first()?.as_f64());
            if rate.is_some() {
                break;
            }
        }
        if self.sites.get(site).is_some() {
            self.rates.lock().insert(site.into(), (rate, Instant::now()));
        }
        rate
    }
}

/// A single fault as an answer.
pub(crate) fn fault_problem(fault: Fault) -> Problem {
    Faults::from(fault).into()
}

/// What a question met that costs more than it may, by ClickHouse's code: what it had too much of, and how to mend that.
const TOO_EXPENSIVE: [(i32, &str, &str); 6] = [
    (
        158,
        "rows",
        "it would read more rows than one question may: ask for a shorter range or fewer metrics, or leave out filters and groups that rollups do not know",
    ),
    (
        307,
        "bytes",
        "it would read more bytes than one question may: ask for a shorter range or fewer metrics, or leave out filters and groups that rollups do not know",
    ),
    (159, "time", "it takes longer than one question may: ask for a shorter range, a longer step or fewer metrics"),
    (
        160,
        "time",
        "it would take longer than one question may: ask for a shorter range, a longer step or fewer metrics",
    ),
    (
        241,
        "memory",
        "it needs more memory than one question may take: group by one dimension instead of two, or ask for a shorter range or a longer step",
    ),
    (
        396,
        "groups",
        "it gives more groups than one question may: add a filter, group by one dimension instead of two, or take a longer step",
    ),
];
/// Words by which ClickHouse says that not this question but all of them together need too much memory.
const OTHERS_MEMORY: [&str; 2] = ["(total)", "User memory limit"];
/// The kind of the problem when the store is at fault.
pub(crate) const STORE_UNAVAILABLE: &str = "store-unavailable";

/// What a failure of the store is to the caller.
pub(crate) fn store_problem(error: StoreError) -> Problem {
    let of_others = OTHERS_MEMORY.iter().any(|words| error.message().contains(words));
    let expensive = TOO_EXPENSIVE.iter().find(|(code, ..)| error.code() == Some(*code) && !of_others);
    if let Some((_, limit, mend)) = expensive {
        events::refused("expensive");
        return Problem::new(http::StatusCode::UNPROCESSABLE_ENTITY, "too-expensive", "The question costs too much")
            .detail(*mend)
            .field("limit", *limit);
    }
    if error.is_transient() {
        let detail = "the store does not answer at the moment, ask again";
        return Problem::unavailable(STORE_UNAVAILABLE, detail, Duration::from_secs(2));
    }
    Problem::internal()
}
