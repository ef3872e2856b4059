//! Promises about sessions and journeys: counted from the past on, when an attempt is decided, and corrected when page views change.

use super::journeys::{checkout, step, view};
use super::slos::Kept;
use super::support::{DAY_MS, HOUR_MS};
use axum::http::StatusCode;
use felt_schema::rows::{EventRow, PageViewRow};
use serde_json::{Value, json};

const MINUTE_MS: i64 = 60_000;

fn promise(sli: Value) -> Value {
    json!({"promise": "It works out", "objective": 0.9, "sli": sli, "window": {"rolling": "7d"}})
}

fn paid(within_s: Option<u32>) -> Value {
    let mut sli = json!({"kind": "available", "journey": "checkout"});
    if let Some(within_s) = within_s {
        sli["within_s"] = within_s.into();
    }
    promise(sli)
}

/// Page views and events of sessions.
#[derive(Default)]
struct Told {
    views: Vec<PageViewRow>,
    events: Vec<EventRow>,
}

impl Told {
    /// A session that comes to the cart, then to the address, and pays so many seconds after the cart.
    fn visit(&mut self, kept: &Kept, session: &str, ago_ms: i64, paid_after_s: Option<i64>) {
        self.views.push(view(&kept.service, session, "/cart", ago_ms));
        let address = view(&kept.service, session, "/checkout/address", ago_ms - 10_000);
        self.events.extend(paid_after_s.map(|after_s| step(&address, 0, (after_s - 10) * 1_000, "checkout", "paid")));
        self.views.push(address);
    }

    async fn write(&self, kept: &Kept) {
        // As the processor does: what happened is there before its watermark says so.
        kept.service.events(&self.events).await;
        kept.service.write(&self.views).await;
    }
}

async fn define(kept: &Kept, definition: &Value) {
    let answer = kept.service.json("PUT", "/api/v1/sites/shop/journeys/checkout", definition).await;
    assert!(answer.status.is_success(), "{}", answer.text());
}

#[tokio::test]
async fn a_journey_is_promised_by_its_attempts_that_complete_in_time() {
    let kept = Kept::start().await;
    let mut told = Told::default();
    define(&kept, &checkout()).await;
    for (session, ago_ms, paid_after_s) in [
        ("at-once", 3 * DAY_MS, Some(15)),
        ("at-the-deadline", 3 * DAY_MS, Some(60)),
        ("too-late", 2 * HOUR_MS, Some(61)),
        ("much-too-late", 2 * HOUR_MS, Some(2_400)),
        ("leaves", 2 * HOUR_MS, None),
        ("goes-on", 30_000, None),
    ] {
        told.visit(&kept, session, ago_ms, paid_after_s);
    }
    told.visit(&kept, "fails", 2 * HOUR_MS, Some(20));
    told.views.last_mut().unwrap().failed = 1;
    told.visit(&kept, "bot", 2 * HOUR_MS, None);
    told.views.iter_mut().filter(|view| view.session == "bot").for_each(|view| view.bot = "crawler".into());
    // Who comes to the cart again goes on with the same attempt; on another day it is another one.
    told.views.push(view(&kept.service, "at-once", "/cart", 3 * DAY_MS - 10 * MINUTE_MS));
    told.visit(&kept, "at-once", DAY_MS, None);
    told.write(&kept).await;

    let (status, saved) = kept.put("pays", &paid(Some(60))).await;
    assert_eq!((status, &saved["warnings"]), (StatusCode::CREATED, &json!([])), "{saved}");
    let (_, saved) = kept.put("pays-some-time", &paid(None)).await;
    assert_eq!(saved["data"]["sli"]["of"], "journeys");
    let slo = kept.counted("pays", 2, 7).await;
    assert_eq!((&slo["status"], &slo["definition"]["sli"]["within_s"]), (&json!("breached"), &json!(60)), "{slo}");
    kept.counted("pays-some-time", 4, 7).await;

    // It falls due in the minute of its deadline, and is counted when nothing about it can be on its way any more.
    kept.service.clock.advance(4 * MINUTE_MS);
    kept.service.progress().await;
    kept.counted("pays", 2, 8).await;
    let (_, down) = kept.get("/pays/budget").await;
    let last = down["data"].as_array().unwrap().iter().rfind(|point| point["valid"] != 0).unwrap().clone();
    assert_eq!((&last["good"], &last["valid"]), (&json!(0), &json!(1)), "{last}");

    // One turns out to have paid in time, and one never to have been: their minutes are counted anew.
    let (late, gone) = (told.events[2].clone(), told.views[8].clone());
    assert_eq!((late.session.as_str(), gone.session.as_str(), gone.page.as_str()), ("too-late", "leaves", "/cart"));
    let in_time = EventRow { seq: 1, at: late.at - 2_000, ..late.clone() };
    let address = told.views[5].clone();
    let corrected = Told {
        events: vec![EventRow { sign: -1, ..late }, in_time],
        views: vec![
            PageViewRow { sign: -1, ..address.clone() },
            PageViewRow { seq: 1, received_at: kept.service.now_ms(), ..address },
            PageViewRow { sign: -1, received_at: kept.service.now_ms(), ..gone },
        ],
    };
    corrected.write(&kept).await;
    kept.counted("pays", 3, 7).await;

    // Another definition of the journey counts anew: now the address is enough.
    let shorter = json!({"name": "Check out", "steps": [
        {"name": "Cart", "page": "/cart"}, {"name": "Address", "page": "/checkout/*"}
    ]});
    define(&kept, &shorter).await;
    kept.counted("pays", 6, 7).await;

    let filtered = json!({"kind": "available", "journey": "checkout", "within_s": 60, "filters": ["country:is:FR"]});
    kept.put("pays", &promise(filtered)).await;
    kept.counted("pays", 0, 0).await;
}

#[tokio::test]
async fn a_journey_that_only_events_tell_can_be_promised_before_there_is_any() {
    let kept = Kept::start().await;
    kept.service.progress().await;
    let (status, saved) = kept.put("pays", &paid(Some(60))).await;
    assert_eq!(status, StatusCode::CREATED, "{saved}");
    assert!(saved["warnings"][0].as_str().unwrap().contains("nobody defined it"), "{saved}");
    let (_, slo) = kept.get("/pays").await;
    assert!(slo["warnings"].to_string().contains("as soon as somebody defines it or events tell it"), "{slo}");
    let mut told = Told::default();
    for (session, paid_after_s) in [("pays", Some(30)), ("pays-late", Some(90)), ("leaves", None)] {
        let cart = view(&kept.service, session, "/anywhere", HOUR_MS);
        told.events.push(step(&cart, 0, 0, "checkout", "cart"));
        told.events.extend(paid_after_s.map(|after_s| step(&cart, 1, after_s * 1_000, "checkout", "paid")));
        told.views.push(cart);
    }
    told.write(&kept).await;
    kept.counted("pays", 1, 3).await;
}

#[tokio::test]
async fn sessions_are_promised_by_whether_any_of_their_views_was_bad() {
    let kept = Kept::start().await;
    let level =
        |session: &str, ago_ms: i64, level: u8| PageViewRow { level, ..view(&kept.service, session, "/", ago_ms) };
    let mut views = vec![
        // Two that are fine, the second one day and again the next.
        level("fine", 2 * HOUR_MS, 0),
        level("fine", 2 * HOUR_MS - MINUTE_MS, 1),
        level("comes-back", 30 * HOUR_MS, 0),
        level("comes-back", 3 * HOUR_MS, 0),
        // One good view makes no good session.
        level("was-hurt", 2 * HOUR_MS, 0),
        level("was-hurt", 2 * HOUR_MS - MINUTE_MS, 2),
        level("was-hurt", 2 * HOUR_MS - 2 * MINUTE_MS, 0),
        level("broke", 2 * HOUR_MS, 3),
        // Nothing of it could be judged.
        level("unjudged", 2 * HOUR_MS, 255),
    ];
    views[7].failed = 1;
    views[0].lcp = 1_000_000;
    views[1].lcp = 2_000_000;
    views[4].lcp = 9_000_000;
    let mut bot = level("bot", HOUR_MS, 3);
    bot.bot = "crawler".into();
    views.push(bot);
    kept.service.write(&views).await;
    kept.put("level", &promise(json!({"kind": "happy", "level_at_least": "annoying", "of": "sessions"}))).await;
    kept.put("score", &promise(json!({"kind": "happy", "score": true, "of": "sessions"}))).await;
    kept.put("works", &promise(json!({"kind": "works", "of": "sessions"}))).await;
    kept.put("fast", &promise(json!({"kind": "fast", "metric": "lcp", "at_most": 2500, "of": "sessions"}))).await;
    kept.counted("level", 3, 5).await;
    // Worst and last: 3 + 3, 4 + 4 twice, 1 + 4, 0 + 0, of 8 each.
    kept.counted("score", 27, 40).await;
    kept.counted("works", 4, 5).await;
    kept.counted("fast", 1, 2).await;

    // A view that comes late makes one session of what was none, and a bad one of what was good.
    let late = PageViewRow { failed: 1, level: 3, ..view(&kept.service, "comes-back", "/", 3 * HOUR_MS - MINUTE_MS) };
    kept.service.write(&[late, level("unjudged", 2 * HOUR_MS - MINUTE_MS, 0)]).await;
    kept.counted("works", 4, 6).await;
    kept.counted("level", 3, 6).await;
}

/// The rows of `spenders` as value, valid, bad.
async fn spenders(kept: &Kept, id: &str, by: &str) -> Vec<(String, i64, i64)> {
    let (status, answer) = kept.get(&format!("/{id}/spenders?by={by}")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let row = |row: &Value| {
        assert_eq!(row["dimension"], by);
        let number = |name: &str| row[name].as_i64().unwrap();
        (row["value"].as_str().unwrap().to_owned(), number("valid"), number("bad"))
    };
    answer["data"].as_array().unwrap().iter().map(row).collect()
}

fn told(rows: &[(&str, i64, i64)]) -> Vec<(String, i64, i64)> {
    rows.iter().map(|(value, valid, bad)| ((*value).to_owned(), *valid, *bad)).collect()
}

#[tokio::test]
async fn sessions_spend_the_budget_where_one_of_their_views_was_bad() {
    let kept = Kept::start().await;
    let look = |session: &str, country: &str, page: &str, ago_ms: i64, level: u8| PageViewRow {
        level,
        country: country.into(),
        failed: u8::from(level == 3),
        ..view(&kept.service, session, page, ago_ms)
    };
    let mut views = vec![
        look("fine", "DE", "/", 2 * HOUR_MS, 0),
        look("fine", "DE", "/cart", 2 * HOUR_MS - MINUTE_MS, 0),
        // Twice on the same page, and then on another.
        look("broke", "BR", "/", 2 * HOUR_MS, 0),
        look("broke", "BR", "/pay", 2 * HOUR_MS - MINUTE_MS, 3),
        look("broke", "BR", "/pay", 2 * HOUR_MS - 2 * MINUTE_MS, 3),
        look("broke", "BR", "/help", 2 * HOUR_MS - 3 * MINUTE_MS, 3),
        look("broke-too", "BR", "/pay", 3 * HOUR_MS, 3),
        look("paid", "BR", "/pay", 4 * HOUR_MS, 1),
    ];
    let replaced = look("fine", "DE", "/pay", 2 * HOUR_MS - 2 * MINUTE_MS, 3);
    views.extend([
        PageViewRow { sign: -1, ..replaced.clone() },
        PageViewRow { seq: 1, level: 0, failed: 0, ..replaced.clone() },
        replaced,
    ]);
    kept.service.write(&views).await;
    kept.put("works", &promise(json!({"kind": "works", "of": "sessions"}))).await;
    kept.put("score", &promise(json!({"kind": "happy", "score": true, "of": "sessions"}))).await;
    kept.counted("works", 2, 4).await;
    // 4 + 4, 0 + 0, 0 + 0, 3 + 3.
    kept.counted("score", 14, 32).await;

    let pages = told(&[("/pay", 4, 2), ("/help", 1, 1), ("/cart", 1, 0), ("/", 2, 0)]);
    assert_eq!(spenders(&kept, "works", "page").await, pages);
    assert_eq!(spenders(&kept, "works", "country").await, told(&[("BR", 3, 2), ("DE", 1, 0)]));
    let (_, answer) = kept.get("/works/spenders?by=page&limit=1").await;
    // Both bad sessions broke there; a tenth of four may be bad; and 4 of 4 sessions went there.
    let row = &answer["data"][0];
    assert_eq!(
        (&row["share_of_bad"], &row["share_of_budget"], &row["lift"]),
        (&json!(1), &json!(5), &json!(1)),
        "{row}"
    );
    // Of the points, those of the worst view and of the last are lost where these were: the first of the worst on /pay, the last on /help.
    let pages = told(&[("/pay", 32, 14), ("/help", 8, 4), ("/cart", 8, 0), ("/", 16, 0)]);
    assert_eq!(spenders(&kept, "score", "page").await, pages);
    assert_eq!(spenders(&kept, "score", "country").await, told(&[("BR", 24, 18), ("DE", 8, 0)]));
}

#[tokio::test]
async fn attempts_spend_the_budget_where_they_went_no_further() {
    let kept = Kept::start().await;
    let mut told_rows = Told::default();
    define(&kept, &checkout()).await;
    for (session, paid_after_s) in [("pays", Some(30)), ("pays-late", Some(90)), ("leaves-at-the-address", None)] {
        told_rows.visit(&kept, session, 2 * HOUR_MS, paid_after_s);
    }
    told_rows.views.push(view(&kept.service, "leaves-at-the-cart", "/cart", 3 * HOUR_MS));
    let far = |row: &mut PageViewRow| row.country = "BR".into();
    told_rows.views.iter_mut().filter(|view| view.session.starts_with("leaves")).for_each(far);
    told_rows.write(&kept).await;
    kept.put("pays", &paid(Some(60))).await;
    kept.counted("pays", 1, 4).await;
    // Who paid late had come to the address when it was due.
    let pages = told(&[("/checkout/address", 3, 2), ("/cart", 4, 1)]);
    assert_eq!(spenders(&kept, "pays", "page").await, pages);
    assert_eq!(spenders(&kept, "pays", "country").await, told(&[("BR", 2, 2), ("DE", 2, 1)]));
    // Of a journey that nobody knows nothing is counted, and nothing spent.
    kept.put("unknown", &promise(json!({"kind": "available", "journey": "unheard-of"}))).await;
    assert_eq!(spenders(&kept, "unknown", "page").await, told(&[]));
}
