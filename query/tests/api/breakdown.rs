//! `breakdown`: groups, their order, and the way through their pages.

use super::support::{HOUR_MS, Service, get, judged};
use axum::http::header;
use felt_schema::anchors::Level;
use felt_schema::happiness::Cause;
use felt_schema::rows::PageViewRow;
use serde_json::{Value, json};

fn names(answer: &Value, column: &str) -> Vec<Value> {
    let mut names: Vec<Value> = answer["data"].as_array().unwrap().iter().map(|row| row[column].clone()).collect();
    names.dedup();
    names
}

async fn write_pages(service: &Service) {
    let mut views = Vec::new();
    // 40 happy views of /a, 30 brutal ones of /b, 35 annoying ones of /c and 5 without a country.
    for (page, count, level, lcp) in [
        ("/a", 40, Level::Delighted, 1_000_000),
        ("/b", 30, Level::Brutal, 9_000_000),
        ("/c", 35, Level::Annoying, 3_000_000),
    ] {
        for n in 0..count {
            let view = PageViewRow { page: page.into(), lcp, ..service.view(HOUR_MS) };
            let view = PageViewRow { device: if n % 5 == 0 { "desktop" } else { "mobile" }.into(), ..view };
            views.push(judged(view, level, (level != Level::Delighted).then_some(Cause::SlowOpen)));
        }
    }
    for _ in 0..5 {
        views.push(PageViewRow { page: "/d".into(), country: String::new(), ..service.view(HOUR_MS) });
    }
    service.write(&views).await;
}

#[tokio::test]
async fn groups_come_in_the_order_asked_for() {
    let service = Service::start().await;
    write_pages(&service).await;
    for router in [&service.router, &service.raw()] {
        for (order, expected) in [
            ("", ["/a", "/c", "/b", "/d"]),
            ("&order=views", ["/d", "/b", "/c", "/a"]),
            ("&order=-unhappy", ["/b", "/c", "/a", "/d"]),
            ("&order=happiness", ["/b", "/c", "/a", "/d"]),
            ("&order=-lost", ["/b", "/c", "/a", "/d"]),
            ("&order=-p75", ["/b", "/c", "/a", "/d"]),
            ("&order=lcp.p75", ["/a", "/c", "/b", "/d"]),
            ("&order=-lcp.good", ["/a", "/b", "/c", "/d"]),
            ("&order=-page", ["/d", "/c", "/b", "/a"]),
        ] {
            let path = format!("/api/v1/sites/shop/breakdown?range=24h&by=page&metrics=lcp{order}");
            let answer = get(router, &path).await;
            assert_eq!(names(&answer, "page"), expected, "{order}");
        }
    }
}

#[tokio::test]
async fn a_row_tells_the_groups_share_and_figures() {
    let service = Service::start().await;
    write_pages(&service).await;
    let path = "/api/v1/sites/shop/breakdown?range=24h&by=page,device&metrics=happiness,lcp&min=6";
    for router in [&service.router, &service.raw()] {
        let answer = get(router, path).await;
        assert_eq!((&answer["meta"]["groups"], &answer["meta"]["views"]), (&json!(6), &json!(110)));
        let rows = answer["data"].as_array().unwrap();
        let row = |page: &str, device: &str, metric: &str| {
            rows.iter().find(|row| row["page"] == page && row["device"] == device && row["metric"] == metric).unwrap()
        };
        let brutal = row("/b", "mobile", "happiness");
        assert_eq!((&brutal["views"], &brutal["brutal"], &brutal["value"]), (&json!(24), &json!(24), &json!(0)));
        assert!((brutal["share"].as_f64().unwrap() - 24.0 / 110.0).abs() < 1e-9);
        assert_eq!(brutal["causes"]["slow_open"], 1);
        assert_eq!(
            (&row("/b", "desktop", "lcp")["p75"], &row("/b", "desktop", "lcp")["poor"]),
            (&json!(9000), &json!(1))
        );
    }
    let countries = service.get("/api/v1/sites/shop/breakdown?range=24h&by=country&metrics=happiness").await;
    assert_eq!(names(&countries, "country"), [json!("DE"), Value::Null]);
    let unset = service.get("/api/v1/sites/shop/summary?range=24h&metrics=happiness&f=country:set:false").await;
    assert_eq!(unset["meta"]["views"], 5);
}

#[tokio::test]
async fn a_walk_by_cursor_sees_every_group_once() {
    let service = Service::start().await;
    let views: Vec<PageViewRow> =
        (0..25).map(|n| PageViewRow { page: format!("/p/{n:02}"), ..service.view(HOUR_MS) }).collect();
    service.write(&views).await;
    let all = service.get("/api/v1/sites/shop/breakdown?range=24h&by=page&metrics=lcp&limit=1000").await;
    let mut path = "/api/v1/sites/shop/breakdown?range=24h&by=page&metrics=lcp&limit=10".to_owned();
    let mut walked = Vec::new();
    loop {
        let answer = service.ask(&path, &[]).await;
        walked.extend(names(&answer.json(), "page"));
        let link = answer.header(header::LINK).to_owned();
        // What time does to the range must not change the pages.
        service.clock.advance(61_000);
        match link.strip_prefix('<').and_then(|link| link.split_once(">; rel=\"next\"")) {
            Some((next, "")) => path = next.to_owned(),
            _ => break,
        }
    }
    assert_eq!(walked.len(), 25);
    assert_eq!(walked, names(&all, "page"));

    let next = service.get("/api/v1/sites/shop/breakdown?range=24h&by=page&metrics=lcp&limit=10").await["meta"]["next"]
        .clone();
    let cursor = next.as_str().unwrap().split("cursor=").nth(1).unwrap();
    for foreign in [
        format!("/api/v1/sites/shop/breakdown?range=24h&by=device&cursor={cursor}"),
        "/api/v1/sites/shop/breakdown?range=24h&by=page&cursor=nonsense".to_owned(),
        "/api/v1/sites/shop/breakdown?range=24h&by=page&cursor=WzAsMCw5OTk5OTk5OTk5OTk5OTk5LCJ4Il0".to_owned(),
    ] {
        let answer = service.ask(&foreign, &[]).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["parameter"]), (400, &json!("cursor")));
    }
}

#[tokio::test]
async fn what_was_folded_is_told_in_a_sentence() {
    let service = Service::start().await;
    let page =
        |page: &str, release: &str| PageViewRow { page: page.into(), release: release.into(), ..service.view(HOUR_MS) };
    let mut views = vec![page("/a", "1.9"), page("/b", "(other)")];
    views.extend((0..1_234).map(|_| page("(other)", "1.9")));
    service.write(&views).await;
    let told = |answer: Value| answer["meta"]["warnings"].to_string();
    let pages = told(service.get("/api/v1/sites/shop/breakdown?by=page&range=24h&limit=1&order=page").await);
    assert!(pages.contains("1,234 page views on pages beyond the day's 2,000 are together as (other)"), "{pages}");
    let releases = told(service.get("/api/v1/sites/shop/breakdown?by=release&range=24h").await);
    assert!(releases.contains("1 page view of releases beyond the day's 200 is together as (other)"), "{releases}");
    let devices = told(service.get("/api/v1/sites/shop/breakdown?by=device&range=24h").await);
    assert!(!devices.contains("(other)"), "{devices}");
}
