//! A sample of sessions answers where there are too many page views, says so, and is what it says: some sessions, whole.

use super::support::{DAY_MS, HOUR_MS, Service, ask, get, judged};
use axum::Router;
use axum::http::StatusCode;
use felt_http::OpenAccess;
use felt_query::{QueryConfig, router};
use felt_schema::anchors::Level;
use felt_schema::clock::day_of;
use felt_schema::happiness::Cause;
use felt_schema::rows::PageViewRow;
use serde_json::{Value, json};
use std::sync::Arc;

const SESSIONS: usize = 3_000;
const VIEWS_PER_SESSION: usize = 4;
/// So few may be read that one in eight sessions is.
const ROWS_MAX: u64 = 8_000;
/// A filter that no rollup knows.
const FILTER: &str = "f=os:is:Android&f=country:is:DE";
/// The same in SQL, for those who look for themselves.
const CONDITION: &str = "os = 'Android' AND country = 'DE' AND bot = ''";
/// The sessions of a sample of one in eight.
const IN_SAMPLE: &str = "cityHash64(if(session = '', view, session)) % 256 < 32";

fn config() -> QueryConfig {
    QueryConfig { exact_rows_max: ROWS_MAX, cache_ms: 0, ..QueryConfig::default() }
}

async fn start() -> Service {
    Service::with(|_| Arc::new(OpenAccess), config()).await
}

/// A service that knows nothing yet of what is in the sample.
fn anew(service: &Service) -> Router {
    router(service.beside(config(), service.clock.clone()))
}

/// Visits of four views each over the last three days, received when they began; phones wait longer and are less happy.
fn visits(service: &Service) -> Vec<PageViewRow> {
    let now_ms = service.now_ms();
    let page = |n: usize| ["/", "/p/:id", "/checkout", "/cart"][n % 4];
    let view = |n: usize| {
        let session = n / VIEWS_PER_SESSION;
        let ago_ms =
            (session as i64 * 83_000) % (3 * DAY_MS - 2 * HOUR_MS) + HOUR_MS - (n % VIEWS_PER_SESSION) as i64 * 60_000;
        let phone = session.is_multiple_of(3);
        let view = PageViewRow {
            session: if session % 50 == 7 { String::new() } else { format!("session-{session}") },
            page: page(n * 7 + session).into(),
            device: if phone { "mobile" } else { "desktop" }.into(),
            os: if session.is_multiple_of(2) { "Android" } else { "iOS" }.into(),
            country: ["DE", "AT", "CH"][session / 2 % 3].into(),
            bot: if session.is_multiple_of(41) { "crawler".into() } else { String::new() },
            lcp: 900_000 + (n as u32 * 7919 % 3_000_000) + if phone { 1_500_000 } else { 0 },
            lcp_target: if phone { "img.hero" } else { "h1" }.into(),
            seq: 1,
            day: day_of(now_ms - ago_ms),
            received_at: now_ms - ago_ms,
            ..service.view(ago_ms)
        };
        if n.is_multiple_of(5) {
            judged(view, Level::Painful, Some(Cause::SlowOpen))
        } else {
            judged(view, Level::Delighted, None)
        }
    };
    (0..SESSIONS * VIEWS_PER_SESSION).map(view).collect()
}

/// Writes the visits, of which every seventh view was told twice, its second snapshot on a later day than the first for some.
async fn write(service: &Service) {
    let views = visits(service);
    let first = |view: &PageViewRow| PageViewRow { lcp: 1, seq: 0, ..view.clone() };
    let before: Vec<PageViewRow> = views.iter().step_by(7).map(first).collect();
    service.write(&before).await;
    let taken_back = before.into_iter().map(|view| PageViewRow { sign: -1, ..view });
    let later: Vec<PageViewRow> = views.iter().cloned().chain(taken_back).collect();
    service.write(&later).await;
}

async fn number(service: &Service, sql: &str) -> i64 {
    service.store.query_json(sql, &[], Default::default()).await.unwrap()[0][0].as_i64().unwrap()
}

fn row<'a>(answer: &'a Value, metric: &str) -> &'a Value {
    answer["data"].as_array().unwrap().iter().find(|row| row["metric"] == metric).unwrap()
}

#[tokio::test]
async fn what_is_said_of_a_sample_is_what_its_sessions_tell() {
    let service = start().await;
    write(&service).await;
    let path = format!("/api/v1/sites/shop/summary?range=3d&metrics=happiness,lcp,apdex&{FILTER}");
    let rare = |n: i64| PageViewRow { session: String::new(), os: "Plan 9".into(), ..service.view(n * HOUR_MS) };
    service.write(&[rare(1), rare(2), rare(3)]).await;
    let exact = get(&service.raw(), &path).await;
    // Before there is a sample, all is read.
    assert_eq!(get(&anew(&service), &path).await["meta"]["source"], "raw");

    let days = service.store.remake_sample(service.now_ms(), ROWS_MAX).await.unwrap();
    assert!(days.len() >= 2 && days.is_sorted_by(|one, other| one > other), "{days:?}");
    assert!(service.store.remake_sample(service.now_ms(), ROWS_MAX).await.unwrap().is_empty(), "all is as it was");
    let router = anew(&service);
    let told = get(&router, &path).await;
    assert_eq!((&told["meta"]["source"], &told["meta"]["one_in"]), (&json!("sample"), &json!(8)));
    let warnings = told["meta"]["warnings"].to_string();
    assert!(warnings.contains("estimated from one in 8 sessions") && warnings.contains("exact=true"), "{warnings}");

    let of_sample = format!("page_views WHERE site = 'shop' AND {CONDITION} AND {IN_SAMPLE}");
    let views = number(&service, &format!("SELECT toInt64(sum(sign)) FROM {of_sample}")).await;
    let painful = number(&service, &format!("SELECT toInt64(sumIf(sign, level = 2)) FROM {of_sample}")).await;
    assert_eq!(told["meta"]["views"], views * 8);
    let happiness = row(&told, "happiness");
    assert_eq!(happiness["count"], views * 8);
    assert_eq!(happiness["levels"][2], json!({"level": "painful", "count": painful * 8}));
    let score = 100.0 * (1.0 - 0.75 * painful as f64 / views as f64);
    assert!((happiness["value"].as_f64().unwrap() - score).abs() < 0.01, "{happiness} {score}");
    // The interval is of what was read: wider than that of all.
    let width = |row: &Value, low: &str, high: &str| row[high].as_f64().unwrap() - row[low].as_f64().unwrap();
    assert!(width(happiness, "low", "high") > 2.0 * width(row(&exact, "happiness"), "low", "high"));
    let p75 = |answer: &Value| row(answer, "lcp")["p75"].as_f64().unwrap();
    assert!((p75(&told) / p75(&exact) - 1.0).abs() < 0.15, "{told} {exact}");
    let sum = ["satisfied", "tolerating", "frustrated"].map(|zone| row(&told, "apdex")[zone].as_i64().unwrap());
    assert_eq!(sum.iter().sum::<i64>(), row(&told, "apdex")["count"].as_i64().unwrap());

    let asked = get(&router, &format!("{path}&exact=true")).await;
    assert_eq!((&asked["meta"]["source"], &asked["data"]), (&json!("raw"), &exact["data"]));
    assert_eq!(asked["query"]["exact"], true);
    // Of a filter that leaves few, nobody is left out.
    let few = get(&router, "/api/v1/sites/shop/summary?range=3d&metrics=happiness&f=os:is:Plan%209").await;
    assert_eq!((&few["meta"]["source"], &few["meta"]["views"]), (&json!("raw"), &json!(3)));
    // What rollups know is never a sample's.
    let known = get(&router, "/api/v1/sites/shop/summary?range=3d&f=country:is:DE").await;
    assert_eq!((&known["meta"]["source"], &known["meta"]["one_in"]), (&json!("rollup"), &Value::Null));
    let wrong = ask(&router, "/api/v1/sites/shop/summary?exact=yes", &[]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text().contains("there is no choice `yes`; known: true, false"), "{}", wrong.text());
}

#[tokio::test]
async fn which_days_are_kept_apart_changes_no_answer() {
    let service = start().await;
    write(&service).await;
    let questions = [
        format!("summary?range=3d&metrics=happiness,lcp&{FILTER}"),
        format!("series?range=3d&step=1h&metrics=happiness,lcp&{FILTER}"),
        format!("breakdown?range=3d&by=page,os&metrics=happiness,lcp&order=-lost&{FILTER}"),
        format!("distribution?range=3d&metric=lcp&{FILTER}"),
        format!("values/page?range=3d&{FILTER}"),
        format!("attribution?range=3d&metric=lcp&{FILTER}"),
        "sessions?range=3d&order=-unhappy&limit=20".to_owned(),
    ];
    let answers = async || {
        let router = anew(&service);
        let mut answers = Vec::new();
        for question in &questions {
            let answer = get(&router, &format!("/api/v1/sites/shop/{question}")).await;
            assert_eq!(answer["meta"]["source"], "sample", "{question}");
            answers.push((question, answer["meta"]["views"].clone(), answer["data"].clone()));
        }
        answers
    };
    let days = service.store.remake_sample(service.now_ms(), ROWS_MAX).await.unwrap();
    let all = answers().await;
    // One day only, of which the record says so; its rows are left where they are.
    let others =
        format!("ALTER TABLE page_view_sample_days DELETE WHERE day != '{}' SETTINGS mutations_sync = 1", days[0]);
    service.store.execute(&others).await.unwrap();
    assert_eq!(answers().await, all);
    // A day whose copy is not what is on record is made again.
    service.store.execute(&format!("ALTER TABLE page_view_sample DROP PARTITION '{}'", days[0])).await.unwrap();
    assert_eq!(service.store.remake_sample(service.now_ms(), ROWS_MAX).await.unwrap(), days);
    assert_eq!(answers().await, all);
}

#[tokio::test]
async fn a_day_that_changes_later_is_copied_again() {
    let service = start().await;
    write(&service).await;
    let days = service.store.remake_sample(service.now_ms(), ROWS_MAX).await.unwrap();
    let before = number(&service, "SELECT toInt64(sum(sign)) FROM page_view_sample").await;
    let ago_ms = DAY_MS + HOUR_MS;
    let late = |n: usize| PageViewRow {
        session: format!("late-{n}"),
        day: day_of(service.now_ms() - ago_ms),
        ..service.view(ago_ms)
    };
    let late: Vec<PageViewRow> = (0..500).map(late).collect();
    service.write(&late).await;
    let again = service.store.remake_sample(service.now_ms(), ROWS_MAX).await.unwrap();
    assert_eq!(again.len(), 1, "{again:?} of {days:?}");
    let sampled = number(
        &service,
        &format!("SELECT toInt64(count()) FROM page_views WHERE session LIKE 'late-%' AND {IN_SAMPLE}"),
    )
    .await;
    assert!(sampled > 30, "{sampled}");
    assert_eq!(number(&service, "SELECT toInt64(sum(sign)) FROM page_view_sample").await, before + sampled);
    // A snapshot that replaces another changes no count, but what is said.
    let replaced = PageViewRow { sign: -1, ..late[0].clone() };
    service.write(&[replaced, PageViewRow { seq: 9, lcp: 5, ..late[0].clone() }]).await;
    assert_eq!(service.store.remake_sample(service.now_ms(), ROWS_MAX).await.unwrap(), again);
    let left =
        service.store.query_json("SHOW TABLES LIKE 'page_view_sample_made_%'", &[], Default::default()).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn what_a_killed_process_left_is_removed_and_few_page_views_need_no_sample() {
    let service = start().await;
    write(&service).await;
    let now_ms = service.now_ms();
    for (made_ms, _) in [(now_ms - 2 * HOUR_MS, "old"), (now_ms - 60_000, "just now")] {
        let make = format!("CREATE TABLE page_view_sample_made_{made_ms}_00 AS page_view_sample");
        service.store.execute(&make).await.unwrap();
    }
    assert!(service.store.remake_sample(now_ms, 1_000_000).await.unwrap().is_empty());
    assert_eq!(number(&service, "SELECT toInt64(count()) FROM page_view_sample_days").await, 0);
    assert!(!service.store.remake_sample(now_ms, ROWS_MAX).await.unwrap().is_empty());
    let left =
        service.store.query_json("SHOW TABLES LIKE 'page_view_sample_made_%'", &[], Default::default()).await.unwrap();
    assert_eq!(left, [[json!(format!("page_view_sample_made_{}_00", now_ms - 60_000))]]);
}

#[tokio::test]
async fn the_sample_has_the_columns_of_page_views() {
    let service = start().await;
    let sql = "SELECT groupArray((name, type, compression_codec)) FROM (SELECT * FROM system.columns WHERE database = currentDatabase() \
               AND table = {table:String} ORDER BY position)";
    let mut columns = Vec::new();
    for table in ["page_views", "page_view_sample"] {
        let table = felt_store::Param::Text(table.into());
        columns.push(service.store.query_json(sql, &[("table", table)], Default::default()).await.unwrap());
    }
    assert!(columns[0].to_owned()[0][0].as_array().is_some_and(|columns| columns.len() > 60));
    assert_eq!(columns[0], columns[1]);
}

#[tokio::test]
async fn a_comparison_reads_the_same_sample_of_both_sides() {
    let service = start().await;
    write(&service).await;
    service.store.remake_sample(service.now_ms(), ROWS_MAX).await.unwrap();
    let now_ms = service.now_ms();
    let half = |ago_days: i64| super::support::time(now_ms.div_euclid(HOUR_MS) * HOUR_MS - ago_days * DAY_MS);
    let path =
        format!("/api/v1/sites/shop/compare?from={}&to={}&metrics=happiness,lcp&f=os:is:Android", half(1), half(0));
    let router = anew(&service);
    let told = get(&router, &path).await;
    assert_eq!(told["meta"]["source"], "sample", "{told}");
    let (happiness, exact) = (row(&told, "happiness"), get(&service.raw(), &path).await);
    // What was read is too little to be told apart by the hour, too.
    assert_eq!(row(&exact, "happiness")["matched_on"], "device,country,hour_of_day");
    assert_eq!(happiness["matched_on"], "device,country");
    for (side, plain) in [("count", "value"), ("vs_count", "vs_value")] {
        let (estimated, truth) = (happiness[side].as_f64().unwrap(), row(&exact, "happiness")[side].as_f64().unwrap());
        assert!((estimated / truth - 1.0).abs() < 0.3, "{side} {estimated} {truth}");
        let off = happiness[plain].as_f64().unwrap() - row(&exact, "happiness")[plain].as_f64().unwrap();
        assert!(off.abs() < 8.0, "{plain} {happiness}");
    }
    assert_eq!(happiness["verdict"], "no_difference", "{happiness}");
    // What rollups know is compared like for like in a sample too, and says so.
    let known = get(&router, &path.replace("&f=os:is:Android", "")).await;
    assert_eq!((&known["meta"]["source"], known["meta"]["one_in"].is_u64()), (&json!("sample"), true), "{known}");
    let by_page = get(&router, &format!("{path}&by=page")).await;
    let verdicts = by_page["data"].as_array().unwrap().iter().map(|row| &row["verdict"]);
    assert!(verdicts.clone().count() > 4 && verdicts.clone().all(|it| it != "better" && it != "worse"), "{by_page}");
}

#[tokio::test]
async fn visits_of_a_sample_are_whole_and_few_hits_are_all_told() {
    let service = start().await;
    write(&service).await;
    service.store.remake_sample(service.now_ms(), ROWS_MAX).await.unwrap();
    let router = anew(&service);
    let told = get(&router, "/api/v1/sites/shop/sessions?range=3d&order=-unhappy&limit=50").await;
    assert_eq!(told["meta"]["source"], "sample");
    assert_eq!(told["data"].as_array().unwrap().len(), 50);
    for visit in told["data"].as_array().unwrap() {
        assert_eq!(visit["views"], VIEWS_PER_SESSION, "{visit}");
    }
    let groups = told["meta"]["groups"].as_i64().unwrap();
    assert!(groups % 8 == 0 && (groups - 2_800).abs() < 900, "{groups}");
    // Whoever filters wants those who pass: so few of them are looked for among all.
    let path = "/api/v1/sites/shop/sessions?range=3d&order=-unhappy&f=page:is:/cart&f=country:is:AT";
    let (some, all) = (get(&router, path).await, get(&service.raw(), path).await);
    assert_eq!((&some["meta"]["source"], &some["meta"]["groups"]), (&json!("raw"), &all["meta"]["groups"]));
    assert_eq!(some["data"], all["data"]);
}
