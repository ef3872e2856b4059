//! A month of a simulated shop with three planted faults: a release that slows one page on phones until the next one mends it, an afternoon on which
//! paying fails, and a country that has become slow. Whoever asks what changed is told each of them, with its hours, its pages and its
//! people, and nothing else.
//!
//! Days and nights are counted back from the last Sunday's midnight, so that every run asks the same questions, whatever the hour is: weekdays
//! and weekends have expectations of their own.

use anyhow::{Context, Result};
use felt_schema::clock::{Clock, SystemClock};
use felt_tests::api::Api;
use felt_tests::process::Felt;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ops::Range;

const HOUR_MS: i64 = 3_600_000;
const DAY_H: i64 = 24;
const WEEK_H: i64 = 7 * DAY_H;
/// The end of a Sunday, in hours since 1970, which began on a Thursday.
const SUNDAY_END_H: i64 = 4 * DAY_H;
/// The shop's history in hours, and the part of it that is looked through; what is before is its past.
const MONTH_H: i64 = 28 * DAY_H;
const LOOKED_H: i64 = 16 * DAY_H;

/// The planted hours, as hours before the month's end. All begin and end by day, and none a week after another on the same page, since that is
/// what whom they hit is told by.
const REGRESSION: Range<i64> = 254..326;
const INCIDENT: Range<i64> = 135..138;
const SLOW_COUNTRY: Range<i64> = 0..62;

const PAGES: [&str; 4] = ["/", "/search", "/p/:id", "/checkout/pay"];
const PRODUCT: &str = "/p/:id";
const PAY: &str = "/checkout/pay";
const COUNTRIES: [&str; 4] = ["DE", "AT", "FR", "BR"];
const PHONE: &str =
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Mobile Safari/537.36";
const DESKTOP: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36";
/// How far from its hours a change may be dated; further where a few visitors of one country decide.
const NEAR_H: i64 = 1;
const FEW_NEAR_H: i64 = 6;
/// Page views imported at once.
const PIECE: usize = 20_000;

/// A page view, with what a reader of the answers has to find again.
struct View {
    hours_ago: i64,
    at_ms: i64,
    page: &'static str,
    country: &'static str,
    phone: bool,
    person: String,
    lcp_ms: u32,
    failed: bool,
}

/// The month that ends at `end_ms`.
struct Month {
    end_ms: i64,
    views: Vec<View>,
}

impl Month {
    fn before(now_ms: i64) -> Self {
        let mut rng = StdRng::seed_from_u64(4_711);
        let now_h = now_ms.div_euclid(HOUR_MS);
        let end_h = now_h - (now_h - SUNDAY_END_H).rem_euclid(WEEK_H);
        let mut month = Self { end_ms: end_h * HOUR_MS, views: Vec::new() };
        for hours_ago in (1..=MONTH_H).rev() {
            // People sleep.
            let night = (4..10).contains(&(hours_ago % DAY_H));
            for page in PAGES {
                let usual = if night { 10 } else { 34 };
                for n in 0..rng.random_range(usual - 3..=usual + 3) {
                    month.visit(hours_ago, page, n, &mut rng);
                }
            }
        }
        month
    }

    /// One person's look at one page; whom paying fails tries once more.
    fn visit(&mut self, hours_ago: i64, page: &'static str, n: u32, rng: &mut StdRng) {
        let country = COUNTRIES[rng.random_range(0..COUNTRIES.len())];
        let phone = rng.random_bool(0.5);
        let slow = if REGRESSION.contains(&(hours_ago - 1)) && page == PRODUCT && phone {
            0.8
        } else if SLOW_COUNTRY.contains(&(hours_ago - 1)) && country == "BR" {
            0.9
        } else {
            0.1
        };
        let lcp_ms = if rng.random_bool(slow) { 4_500 } else { 1_200 } + rng.random_range(0..900);
        let failed = INCIDENT.contains(&(hours_ago - 1)) && page == PAY && rng.random_bool(0.85);
        // Nothing of an hour is told after its end.
        let at_ms = self.end_ms - hours_ago * HOUR_MS + rng.random_range(0..3_500_000);
        let person = format!("{hours_ago:03}-{}-{n:03}", PAGES.iter().position(|known| *known == page).unwrap_or(0));
        for attempt in 0..if failed { 2 } else { 1 } {
            let (at_ms, person) = (at_ms + attempt * 20_000, person.clone());
            self.views.push(View { hours_ago, at_ms, page, country, phone, person, lcp_ms, failed });
        }
    }

    fn release(hours_ago: i64) -> &'static str {
        match hours_ago - 1 {
            ago if ago >= REGRESSION.end => "411",
            ago if ago >= REGRESSION.start => "412",
            _ => "413",
        }
    }

    fn lines(&self) -> impl Iterator<Item = String> {
        self.views.iter().enumerate().map(|(n, view)| {
            let snapshot = json!({
                "v": 1, "view": format!("month-{n:08}"), "seq": 0, "session": format!("session-{}", view.person),
                "visitor": format!("visitor-{}", view.person), "nav": "navigate", "age": 9_000, "left": 9_000, "first_hidden": 9_000,
                "url": format!("https://shop.example{}", view.page.replace(":id", "7")), "route": view.page,
                "status": if view.failed { 502 } else { 200 }, "release": Self::release(view.hours_ago),
                "metrics": {"lcp": view.lcp_ms, "inp": 80 + n % 90, "cls": 0.02},
            });
            let agent = if view.phone { PHONE } else { DESKTOP };
            json!({"at": rfc3339(view.at_ms), "ua": agent, "country": view.country, "snapshot": snapshot}).to_string() + "\n"
        })
    }

    /// The instant that many hours before the end.
    fn at(&self, hours_ago: i64) -> String {
        rfc3339(self.end_ms - hours_ago * HOUR_MS)
    }

    /// How many hours before the end an instant of an answer is.
    fn hours_ago(&self, at: &Value) -> Result<i64> {
        let at: jiff::Timestamp = at.as_str().context("no instant")?.parse()?;
        Ok((self.end_ms - at.as_millisecond()) / HOUR_MS)
    }

    fn of<'m>(&'m self, page: &'m str, hours: &Range<i64>) -> impl Iterator<Item = &'m View> {
        let hours = hours.clone();
        self.views.iter().filter(move |view| view.page == page && hours.contains(&(view.hours_ago - 1)))
    }
}

fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).unwrap_or_default().to_string()
}

fn rows(answer: &Value) -> Vec<Value> {
    answer["data"].as_array().cloned().unwrap_or_default()
}

/// A call's answer; a busy machine may need a second try.
async fn ask(api: &Api, call: &str) -> Result<Value> {
    api.until(call, |_| true).await
}

/// A change as it was told, or planted.
#[derive(Debug)]
struct Told {
    metric: String,
    worse: bool,
    hours: Range<i64>,
    /// Whom it hit, as `dimension=value`.
    hit: BTreeSet<String>,
}

impl Told {
    fn of(month: &Month, row: &Value) -> Result<Self> {
        let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let hit = row["suspects"].as_array().into_iter().flatten();
        Ok(Self {
            metric: text(row, "metric"),
            worse: row["verdict"] == "worse",
            // What lasts has no end.
            hours: if row["until"].is_null() { 0 } else { month.hours_ago(&row["until"])? }
                ..month.hours_ago(&row["at"])?,
            hit: hit.map(|suspect| format!("{}={}", text(suspect, "dimension"), text(suspect, "value"))).collect(),
        })
    }

    /// Whether it is that of these hours.
    fn is(&self, metric: &str, worse: bool, hours: &Range<i64>) -> bool {
        let far_h = |hour: i64| if hour == SLOW_COUNTRY.end { FEW_NEAR_H } else { NEAR_H };
        let near = |told: i64, planted: i64| (told - planted).abs() <= far_h(planted);
        self.metric == metric
            && self.worse == worse
            && near(self.hours.start, hours.start)
            && near(self.hours.end, hours.end)
    }
}

/// What changed on a page; rows that go on from each other are one change. Each is held against the page views that were planted in its hours.
async fn changes(api: &Api, month: &Month, page: &str, span: &str) -> Result<Vec<Told>> {
    let mut all: Vec<Told> = Vec::new();
    for row in rows(&ask(api, &format!("changes?{span}&metrics=happiness,lcp&f=page:is:{page}")).await?) {
        let told = Told::of(month, &row)?;
        let (mut count, mut slow) = (0_i32, 0_i32);
        for view in month.of(page, &told.hours) {
            (count, slow) = (count + 1, slow + i32::from(view.lcp_ms > 2_500));
        }
        assert_eq!((&row["page"], &row["views"]), (&json!(page), &json!(count)), "{row}");
        if told.metric == "lcp" {
            let (share, found) = (f64::from(slow) / f64::from(count), row["bad_after"].as_f64().context("no share")?);
            assert!((found - share).abs() < 1e-6, "{share}: {row}");
        }
        let before = all.iter_mut().find(|later| {
            (&later.metric, later.worse, later.hours.end) == (&told.metric, told.worse, told.hours.start)
        });
        match before {
            Some(later) => later.hours.end = told.hours.end,
            None => all.push(told),
        }
    }
    Ok(all)
}

/// What was planted on a page: metric, whether it got worse, hours.
fn planted(page: &str) -> Vec<(&'static str, bool, Range<i64>)> {
    let mut all = Vec::new();
    for metric in ["happiness", "lcp"] {
        all.push((metric, true, SLOW_COUNTRY));
        let fault = match page {
            PRODUCT => REGRESSION,
            // What fails is not slow.
            PAY if metric == "happiness" => INCIDENT,
            _ => continue,
        };
        all.extend([(metric, true, fault.clone()), (metric, false, SLOW_COUNTRY.end..fault.start)]);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn each_planted_fault_of_a_month_is_named_with_its_hours_pages_and_people_and_nothing_else_is() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let felt = Felt::start(&["serve", "--data", "data", "--listen", "127.0.0.1:0"], dir.path())?;
    let api = Api::new(&felt.url, "shop");
    let month = Month::before(SystemClock.now_ms());
    let lines: Vec<String> = month.lines().collect();
    for piece in lines.chunks(PIECE) {
        let report = api.import(piece.concat()).await?;
        assert_eq!(report["accepted"], piece.len(), "{report}");
    }
    let whole = format!("from={}&to={}", month.at(MONTH_H), month.at(0));
    api.until_views(lines.len() as u64, &format!("{whole}&metrics=happiness")).await?;

    let looked = format!("from={}&to={}", month.at(LOOKED_H), month.at(0));
    let mut incident_h = None;
    for page in PAGES {
        let told = changes(&api, &month, page, &looked).await?;
        let planted = planted(page);
        assert_eq!(told.len(), planted.len(), "{page}: {told:?}");
        for (metric, worse, hours) in planted {
            let found = told.iter().find(|told| told.is(metric, worse, &hours));
            let found = found.with_context(|| format!("{metric} of {page} in {hours:?}: {told:?}"))?;
            match hours {
                _ if !worse => assert!(found.hit.is_empty(), "{found:?}"),
                INCIDENT => {
                    assert!(found.hit.is_empty(), "it hit everybody: {found:?}");
                    incident_h = Some(found.hours.clone());
                }
                REGRESSION => {
                    assert!(found.hit.contains("device=mobile"), "{found:?}");
                    let everybodys = |hit: &String| hit.starts_with("country=") || hit.starts_with("release=");
                    assert!(!found.hit.iter().any(everybodys), "{found:?}");
                }
                _ => assert_eq!(found.hit, BTreeSet::from(["country=BR".to_owned()]), "{found:?}"),
            }
        }
    }

    // Before any of it nothing changed; and of the countries one has become slow and stays so.
    let quiet = format!("from={}&to={}", month.at(LOOKED_H + 7 * DAY_H), month.at(REGRESSION.end));
    assert_eq!(rows(&ask(&api, &format!("changes?{quiet}")).await?), Vec::<Value>::new());
    let countries = rows(&ask(&api, &format!("changes?{looked}&by=country&metrics=lcp")).await?);
    let lasting: Vec<&Value> =
        countries.iter().filter(|row| row["until"].is_null() && row["verdict"] == "worse").collect();
    assert_eq!(lasting.len(), 1, "{countries:?}");
    assert!(Told::of(&month, lasting[0])?.is("lcp", true, &SLOW_COUNTRY), "{countries:?}");
    assert_eq!(lasting[0]["country"], "BR");

    regression(&api, &month).await?;
    incident(&api, &month, &incident_h.context("no incident")?).await
}

/// The release is worse than the one before on its page alone, and the one after is not.
async fn regression(api: &Api, month: &Month) -> Result<()> {
    let length = REGRESSION.end - REGRESSION.start;
    for (release, before, hours, worse) in [
        ("412", "411", REGRESSION.start..REGRESSION.end + length, vec![PRODUCT]),
        ("413", "411", INCIDENT.end..REGRESSION.end + length, vec![]),
    ] {
        let span = format!("from={}&to={}", month.at(hours.end), month.at(hours.start));
        let call = format!("compare?{span}&metrics=lcp&by=page&f=release:is:{release}&vs=release:{before}");
        let found = rows(&ask(api, &call).await?);
        assert_eq!(found.len(), PAGES.len(), "{found:?}");
        for row in found {
            let verdict = if worse.iter().any(|page| row["page"] == *page) { "worse" } else { "no_difference" };
            assert_eq!(row["verdict"], verdict, "{release}: {row}");
        }
    }
    Ok(())
}

/// Whom the hours that were told hurt: those whose payment failed, each of whom tried once more.
async fn incident(api: &Api, month: &Month, hours: &Range<i64>) -> Result<()> {
    let span = format!("from={}&to={}", month.at(hours.end), month.at(hours.start));
    let impact = ask(api, &format!("impact?{span}")).await?;
    let failed: Vec<&View> = month.of(PAY, hours).filter(|view| view.failed).collect();
    let people: BTreeSet<&str> = failed.iter().map(|view| view.person.as_str()).collect();
    let (hard, there) = (&impact["data"]["hurt"]["hard"], &impact["data"]["exposed"]);
    assert_eq!((&hard["visitors"], &hard["views"]), (&json!(people.len()), &json!(failed.len())), "{impact}");
    assert_eq!(impact["data"]["retries"]["views"], failed.len() - people.len(), "{impact}");
    let all: usize = PAGES.iter().map(|page| month.of(page, hours).count()).sum();
    assert_eq!(there["views"], all, "{impact}");
    let pages = impact["data"]["by"]["page"].as_array().context("no pages")?;
    let hit: Vec<&Value> = pages.iter().filter(|page| page["hard"].as_u64() > Some(0)).collect();
    assert_eq!(hit.len(), 1, "{pages:?}");
    assert_eq!((&hit[0]["value"], &hit[0]["hard"]), (&json!(PAY), &json!(people.len())), "{impact}");
    // The same hours of the day before hurt nobody so.
    let span = format!("from={}&to={}", month.at(hours.end + DAY_H), month.at(hours.start + DAY_H));
    assert_eq!(ask(api, &format!("impact?{span}")).await?["data"]["hurt"]["hard"]["visitors"], 0);
    Ok(())
}
