//! A snapshot becomes rows: times, values, events and what the visitor's client told.

use felt_schema::rows::EventRow;
use felt_schema::snapshot::parse_snapshot;
use parking_lot::Mutex;

use super::*;
use crate::budget::Budgets;

const RECEIVED_MS: i64 = 1_795_341_600_000;
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/17.5 Mobile/15E148 Safari/604.1";

/// The interface's own example, shortened where it repeats itself.
const EXAMPLE: &str = r#"{ "v": 1, "view": "0f6c0f6c", "seq": 3, "session": "9ab19ab1", "visitor": "c0dec0de",
  "nav": "navigate", "url": "https://Shop.example/p/123?utm_source=x", "referrer": "https://search.example/?q=x", "title": "A thing",
  "age": 12034, "status": 200, "first_hidden": 11800, "left": 12030, "sample_rate": 0.5,
  "metrics": {"lcp": 1834.2, "inp": 96, "cls": 0.031, "ttfb": 320, "load": 12000},
  "attribution": {"lcp": {"target": "main>img.hero", "ttfb": 320}, "cls": {"target": "div.banner", "time": 1200}},
  "events": [ {"type": "error", "at": 1203, "message": "x is not a function", "fatal": true},
              {"type": "timing", "at": 8200, "name": "login_to_play", "value": 8123},
              {"type": "step", "at": 9000, "journey": "checkout", "step": "pay", "amount": 49.90, "currency": "EUR"},
              {"type": "request", "at": 2000, "url": "https://api.example/x", "status": 500, "duration": 812},
              {"type": "rage_click", "at": 5000, "target": "button#buy"},
              {"type": "feedback", "at": 11000, "score": 4, "of": 5, "text": "nice"} ],
  "client": {"viewport": [390, 844], "dpr": 3, "connection": "4g", "rtt": 50, "lang": "de-DE", "tz": "Europe/Berlin"},
  "release": "2026.11.3", "tags": {"plan": "pro"} }"#;

fn rows_of(json: &str, change: impl FnOnce(&mut ViewRecord<'_>), site: Site) -> ViewRows {
    let mut record = ViewRecord {
        received_at_ms: RECEIVED_MS,
        started_at_ms: None,
        site: "shop".into(),
        country: "de".into(),
        region: "BE".into(),
        ua: IPHONE.into(),
        drops: Vec::new(),
        snapshot: parse_snapshot(json.as_bytes()).unwrap().unwrap().snapshot,
    };
    change(&mut record);
    let (budgets, sites) = (Mutex::new(Budgets::default()), Sites::new(vec![site]).unwrap());
    let (mut agents, mut router) = (UserAgents::default(), Router::default());
    let mut rules = Rules {
        sites: &sites,
        folder: Folder::new(&budgets),
        agents: &mut agents,
        router: &mut router,
        settings: &crate::settings::Settings::default(),
    };
    rows(&record, Place { partition: 2, offset: 77 }, RECEIVED_MS - 12_034, &mut rules)
}

fn shop() -> Site {
    Site { key: "shop".into(), ..Site::default() }
}

#[test]
fn the_interface_s_example_becomes_a_row() {
    let ViewRows { view, .. } = rows_of(EXAMPLE, |_| {}, shop());
    let expected = PageViewRow {
        site: "shop".into(),
        view: "0f6c0f6c".into(),
        seq: 3,
        day: 20_779,
        received_at: RECEIVED_MS,
        started_at: RECEIVED_MS - 12_034,
        session: "9ab19ab1".into(),
        visitor: "c0dec0de".into(),
        page: "/p/:id".into(),
        path: "/p/123".into(),
        host: "shop.example".into(),
        title: "A thing".into(),
        referrer: "search.example".into(),
        nav: "navigate".into(),
        country: "DE".into(),
        region: "BE".into(),
        device: "mobile".into(),
        os: "iOS".into(),
        browser: "Mobile Safari".into(),
        browser_version: "17".into(),
        connection: "4g".into(),
        lang: "de-DE".into(),
        tz: "Europe/Berlin".into(),
        release: "2026.11.3".into(),
        tags: vec![("plan".into(), "pro".into())],
        status: 200,
        failed: 1,
        first_hidden_ms: 11_800,
        left_ms: 12_030,
        sample_rate: 0.5,
        level: 3,
        cause: "broke".into(),
        lcp: 1_834_200,
        inp: 96_000,
        cls: 31_000,
        ttfb: 320_000,
        // It ended after the page was hidden: nobody waited for it.
        load: MISSING,
        timing_names: vec!["login_to_play".into()],
        timing_values: vec![8_123_000],
        lcp_target: "main>img.hero".into(),
        lcp_ttfb: 320_000,
        cls_target: "div.banner".into(),
        cls_time: 1_200_000,
        viewport_width: 390,
        viewport_height: 844,
        dpr: 3.0,
        rtt: 50,
        errors: 1,
        rage_clicks: 1,
        failed_requests: 1,
        log_partition: 2,
        log_offset: 77,
        ..PageViewRow::default()
    };
    assert_eq!(view, expected);
}

#[test]
fn each_event_becomes_a_row() {
    let ViewRows { events, view } = rows_of(EXAMPLE, |_| {}, shop());
    let short = |row: &EventRow| format!("{} {} {}{} {}{}", row.n, row.kind, row.name, row.step, row.message, row.text);
    let told: Vec<String> = events.iter().map(short).collect();
    assert_eq!(
        told,
        [
            "0 error  x is not a functionfatal",
            "1 timing login_to_play ",
            "2 step checkoutpay ",
            "3 request  ",
            "4 rage_click  ",
            "5 feedback  nice",
        ]
    );
    assert_eq!((events[2].value, events[2].currency.as_str()), (49.9, "EUR"));
    assert_eq!((events[3].status, events[3].duration), (500, 812.0));
    assert_eq!((events[5].score, events[5].of), (4.0, 5.0));
    assert_eq!(events[1].at, view.started_at + 8_200);
    assert!(events.iter().all(|event| event.page == view.page && event.seq == 3 && event.sign == 1));
}

#[test]
fn a_bot_is_kept_with_the_rule_that_found_it() {
    let headless = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/131.0.0.0 Safari/537.36";
    let ViewRows { view, events } = rows_of(EXAMPLE, |record| record.ua = headless.into(), shop());
    assert_eq!((view.bot.as_str(), view.level, view.cause.as_str()), ("headless", 255, ""));
    assert_eq!(view.lcp, 1_834_200);
    assert!(events.iter().all(|event| event.bot == "headless"));
}

#[test]
fn what_strangers_make_up_is_folded() {
    let site = Site { tag_values_max_per_day: 1, pages_max_per_day: 1, ..shop() };
    let json =
        r#"{"view": "0f6c0f6c", "route": "/a", "tags": {"a": "1", "b": "2"}, "client": {"lang": "not a language"}}"#;
    let ViewRows { view, .. } = rows_of(json, |record| record.country = "Germany".into(), site);
    assert_eq!((view.page.as_str(), view.country.as_str(), view.lang.as_str()), ("/a", "", ""));
    assert_eq!(view.tags, [("a".into(), "1".into()), ("b".into(), "2".into())]);
}
