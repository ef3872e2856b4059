//! Changes found in what visitors met: at their hour, on their page, with whom they hit; and nothing where nothing changed.

use super::support::{DAY_MS, HOUR_MS, Service, judged};
use axum::http::StatusCode;
use felt_schema::anchors::Level;
use felt_schema::happiness::Cause;
use felt_schema::rows::PageViewRow;
use serde_json::Value;

/// Chance that is the same on every run (xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as u32 % limit
    }
}

/// Hours of views before now, and the hour in which the checkout of one country became slow.
const HOURS: i64 = 24 * 24;
const SLOW_SINCE: i64 = 20;

/// Three weeks of a shop whose nights are quiet; what begins in one is found in the morning, so none is near the change, whatever
/// hour it is now.
fn shop(service: &Service) -> Vec<PageViewRow> {
    let mut chance = Chance(41);
    let now_hour_ms = service.now_ms().div_euclid(HOUR_MS) * HOUR_MS;
    let mut views = Vec::new();
    for ago in 1..=HOURS {
        let hour_ms = now_hour_ms - ago * HOUR_MS;
        let count = if (4..10).contains(&ago.rem_euclid(24)) { 12 } else { 42 };
        for page in ["/", "/checkout"] {
            for _ in 0..count {
                let started_ago_ms = service.now_ms() - hour_ms - i64::from(chance.below(3_599_000));
                let country = ["DE", "DE", "AT", "BR"][chance.below(4) as usize];
                let broken = page == "/checkout" && country == "BR" && ago <= SLOW_SINCE;
                let slow = chance.below(100) < if broken { 90 } else { 12 };
                let view = PageViewRow {
                    page: page.into(),
                    country: country.into(),
                    device: ["mobile", "desktop"][chance.below(2) as usize].into(),
                    lcp: if slow { 5_000_000 } else { 1_200_000 } + chance.below(300_000),
                    ..service.view(started_ago_ms)
                };
                views.push(match slow {
                    true => judged(view, Level::Painful, Some(Cause::SlowOpen)),
                    false => judged(view, Level::Delighted, None),
                });
            }
        }
    }
    views
}

#[tokio::test]
async fn a_slow_country_is_found_on_its_page_at_its_hour_and_nothing_else_is() {
    let service = Service::start().await;
    for chunk in shop(&service).chunks(8_000) {
        service.write(chunk).await;
    }
    let answer = service.get("/api/v1/sites/shop/changes?range=3d").await;
    let rows = answer["data"].as_array().unwrap();
    assert!(!rows.is_empty(), "{answer}");
    let begun_ms = (service.now_ms().div_euclid(HOUR_MS) - SLOW_SINCE) * HOUR_MS;
    for row in rows {
        assert_eq!((row["page"].as_str(), row["verdict"].as_str()), (Some("/checkout"), Some("worse")), "{row}");
        let at_ms = row["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond();
        assert!((at_ms - begun_ms).abs() <= 3 * HOUR_MS, "begun {SLOW_SINCE} h ago: {row}");
        let suspects: Vec<&Value> = row["suspects"].as_array().unwrap().iter().collect();
        assert_eq!(suspects.len(), 1, "{row}");
        assert_eq!((suspects[0]["dimension"].as_str(), suspects[0]["value"].as_str()), (Some("country"), Some("BR")));
        assert!(suspects[0]["share_of_bad"].as_f64() > suspects[0]["share_of_all"].as_f64(), "{row}");
    }
    let metrics: Vec<&str> = rows.iter().filter_map(|row| row["metric"].as_str()).collect();
    assert!(metrics.contains(&"happiness") && metrics.contains(&"lcp"), "{metrics:?}");
    let lcp = rows.iter().find(|row| row["metric"] == "lcp").unwrap();
    assert!(lcp["after"].as_f64() > lcp["before"].as_f64() && lcp["unit"] == "ms", "{lcp}");
    // The countries themselves tell it too, from their own rollup; on another page there is nothing.
    let by_country = service.get("/api/v1/sites/shop/changes?range=3d&by=country&metrics=happiness").await;
    assert_eq!(by_country["data"][0]["country"], "BR", "{by_country}");
    let elsewhere = service.get("/api/v1/sites/shop/changes?range=3d&f=page:is:/").await;
    assert_eq!(elsewhere["data"], Value::Array(vec![]), "{elsewhere}");
    let days = (service.now_ms() / DAY_MS, answer["meta"]["source"].as_str());
    assert_eq!(days.1, Some("rollup"));
}

#[tokio::test]
async fn what_cannot_be_watched_says_why() {
    let service = Service::start().await;
    for (query, words) in [
        ("metrics=timing:boot", "has no limits"),
        ("range=90d", "at most 31 days"),
        ("by=os", "in rollups"),
        ("f=tag:plan:is:pro", "in rollups"),
        ("by=page,device", "at most 1"),
    ] {
        let answer = service.ask(&format!("/api/v1/sites/shop/changes?{query}"), &[]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(answer.text().contains(words), "{query}: {}", answer.text());
    }
}
