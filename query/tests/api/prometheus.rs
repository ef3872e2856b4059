//! What Prometheus is told of a site: totals that agree with the API, and that never fall, whatever happens to the views behind them.

use super::support::{DAY_MS, HOUR_MS, Service, ask, judged};
use axum::Router;
use axum::http::{StatusCode, header};
use felt_http::OpenAccess;
use felt_query::{QueryConfig, QueryState, router, slos};
use felt_schema::anchors::Level;
use felt_schema::happiness::Cause;
use felt_schema::rows::PageViewRow;
use felt_schema::site::{Site, Sites};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Samples by name and labels, as they are written.
type Samples = BTreeMap<String, f64>;

async fn scrape(router: &Router, site: &str) -> Samples {
    let answer = ask(router, &format!("/metrics/sites/{site}"), &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert!(answer.header(header::CONTENT_TYPE).starts_with("text/plain; version=0.0.4"));
    let text = answer.text();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

/// Another process over the same store, which knows nothing yet.
fn restarted(service: &Service) -> Router {
    let site = |key: &str| Site { key: key.into(), ..Site::default() };
    let sites = Arc::new(Sites::new(vec![site("shop"), site("blog")]).unwrap());
    let (config, store) = (QueryConfig::default(), service.store.clone());
    router(QueryState::new(config, store, sites, service.clock.clone(), Arc::new(OpenAccess)))
}

fn lcp(view: PageViewRow, ms: u32, level: Level) -> PageViewRow {
    PageViewRow { lcp: ms * 1_000, ..judged(view, level, Some(Cause::SlowOpen)) }
}

fn taken_back(view: &PageViewRow) -> PageViewRow {
    PageViewRow { sign: -1, ..view.clone() }
}

#[tokio::test]
async fn totals_count_views_by_level_and_values_by_page_device_and_edge() {
    let service = Service::start().await;
    let view = |ms, level| lcp(service.view(HOUR_MS), ms, level);
    let phone = [view(1_200, Level::Delighted), view(2_500, Level::Delighted), view(2_501, Level::Annoying)];
    let desktop = PageViewRow { device: "desktop".into(), page: "/a\"b\\c".into(), ..view(9_000, Level::Brutal) };
    let bot = PageViewRow { bot: "crawler".into(), ..view(100, Level::Delighted) };
    let unjudged = service.view(HOUR_MS);
    let unjudged = PageViewRow { level: Level::column(None), ..unjudged };
    let views: Vec<PageViewRow> = phone.into_iter().chain([desktop, bot, unjudged]).map(signed).collect();
    service.write(&views).await;
    let samples = scrape(&service.router, "shop").await;
    for (level, expected) in
        [("delighted", 2.0), ("annoying", 1.0), ("painful", 0.0), ("brutal", 1.0), ("unjudged", 1.0)]
    {
        assert_eq!(samples[&format!("felt_views_total{{level=\"{level}\"}}")], expected, "{level}");
    }
    let of_phone = |le: &str| samples[&format!("felt_lcp_seconds_bucket{{page=\"/\",device=\"mobile\",le=\"{le}\"}}")];
    assert_eq!(["1", "1.5", "2.5", "3", "+Inf"].map(of_phone), [0.0, 1.0, 2.0, 3.0, 3.0], "the limit is exact");
    assert_eq!(samples["felt_lcp_seconds_count{page=\"/\",device=\"mobile\"}"], 3.0);
    assert_eq!(samples["felt_lcp_seconds_sum{page=\"/\",device=\"mobile\"}"], 6.201);
    assert_eq!(samples["felt_lcp_seconds_count{page=\"/a\\\"b\\\\c\",device=\"desktop\"}"], 1.0);
    assert!(samples.keys().all(|name| !name.starts_with("felt_inp_seconds_")), "nothing was measured of it");
}

fn signed(view: PageViewRow) -> PageViewRow {
    PageViewRow { sign: 1, ..view }
}

#[tokio::test]
async fn no_total_ever_falls_neither_by_a_replaced_view_nor_a_restart_nor_what_is_no_longer_kept() {
    let service = Service::start().await;
    let old = signed(lcp(
        PageViewRow { day: day_before(&service, 40), ..service.view(40 * DAY_MS) },
        1_000,
        Level::Delighted,
    ));
    let fresh = signed(lcp(service.view(HOUR_MS), 1_000, Level::Delighted));
    service.write(&[old.clone(), fresh.clone()]).await;
    let mut seen = scrape(&restarted(&service), "shop").await;
    assert_eq!(seen["felt_views_total{level=\"delighted\"}"], 2.0);

    // A later snapshot of the same view tells of a slower picture: one level loses what another gains.
    let slower = signed(lcp(PageViewRow { seq: 1, ..fresh.clone() }, 5_000, Level::Painful));
    service.write(&[taken_back(&fresh), slower]).await;
    // What the rollups keep is over one day; that of single views long before.
    let drop_old = format!("ALTER TABLE rollup_hour DROP PARTITION '{}'", date(old.day));
    for step in ["replaced", "expired", "late", "later"] {
        match step {
            "expired" => service.store.execute(&drop_old).await.unwrap(),
            "late" => service.write(&[signed(lcp(service.view(20 * HOUR_MS), 700, Level::Delighted))]).await,
            "later" => service.write(&[signed(lcp(service.view(0), 700, Level::Delighted))]).await,
            _ => {}
        }
        let now = scrape(&restarted(&service), "shop").await;
        for (name, before) in &seen {
            let after = now.get(name).copied().unwrap_or(f64::NAN);
            assert!(after >= *before, "{step}: {name} fell from {before} to {after}");
        }
        seen = now;
    }
    // One was held back while its view had become another's: the next two bring the total to what is true.
    assert_eq!(seen["felt_views_total{level=\"painful\"}"], 1.0);
    assert_eq!(seen["felt_views_total{level=\"delighted\"}"], 3.0, "one that expired, and two");
    assert_eq!(seen["felt_lcp_seconds_bucket{page=\"/\",device=\"mobile\",le=\"+Inf\"}"], 4.0);
}

fn day_before(service: &Service, days: i64) -> u16 {
    felt_schema::clock::day_of(service.now_ms() - days * DAY_MS)
}

fn date(day: u16) -> String {
    super::support::time(i64::from(day) * DAY_MS)[..10].to_owned()
}

#[tokio::test]
async fn pages_beyond_the_largest_are_one_and_keep_their_place() {
    let service = Service::start().await;
    let page = |n: usize| {
        signed(PageViewRow { page: format!("/{n:03}"), ..lcp(service.view(HOUR_MS), 900, Level::Delighted) })
    };
    let mut views: Vec<PageViewRow> = (0..60).map(page).collect();
    views.extend((0..50).map(page));
    service.write(&views).await;
    let count = |page: &str| format!("felt_lcp_seconds_count{{page=\"{page}\",device=\"mobile\"}}");
    let before = scrape(&restarted(&service), "shop").await;
    assert_eq!((before[&count("/049")], before.get(&count("/050")), before[&count("(other)")]), (2.0, None, 10.0));
    // One of the small ones becomes the largest: for today it stays where it was counted.
    service.write(&(0..30).map(|_| page(55)).collect::<Vec<_>>()).await;
    let after = scrape(&restarted(&service), "shop").await;
    assert_eq!((after.get(&count("/055")), after[&count("(other)")]), (None, 40.0));
    assert_eq!(after.len(), before.len());
}

#[tokio::test]
async fn promises_are_told_as_the_api_tells_them() {
    let service = Service::start().await;
    let views = [1_000, 2_000, 3_000].map(|ms| signed(lcp(service.view(2 * HOUR_MS), ms, Level::Delighted)));
    service.write(&views).await;
    let keeper = tokio::spawn(slos::run(service.state.clone(), std::future::pending()));
    let body = serde_json::json!({
        "promise": "It opens fast", "objective": 0.9, "sli": {"kind": "fast", "metric": "lcp", "at_most": 2500, "of": "views"},
        "window": {"rolling": "28d"}, "budgeting": {"method": "occurrences"}
    });
    let put = axum::http::Request::put("/api/v1/sites/shop/slos/fast").header("content-type", "application/json");
    let put = super::support::send(&service.router, put.body(body.to_string().into()).unwrap()).await;
    assert!(put.status.is_success(), "{}", put.text());
    let total = |samples: &Samples, what: &str| {
        samples.get(&format!("felt_sli_{what}_total{{slo=\"fast\",journey=\"\"}}")).copied()
    };
    let mut samples = scrape(&restarted(&service), "shop").await;
    for _ in 0..600 {
        if total(&samples, "valid") == Some(3.0) {
            break;
        }
        tokio::task::yield_now().await;
        samples = scrape(&restarted(&service), "shop").await;
    }
    keeper.abort();
    assert_eq!((total(&samples, "valid"), total(&samples, "good")), (Some(3.0), Some(2.0)));
    assert_eq!(
        scrape(&restarted(&service), "blog").await["felt_views_total{level=\"delighted\"}"],
        0.0,
        "another site"
    );
}
