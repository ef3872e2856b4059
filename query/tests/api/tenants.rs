//! One site's answers never hold another's data: every GET of the OpenAPI document, asked in every way that might mix them up.

use super::support::{DAY_MS, HOUR_MS, Service, judged, send};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use felt_http::{Authorize, Scope};
use felt_query::QueryConfig;
use felt_query::tokens::{self, NewToken, StoredTokens};
use felt_schema::anchors::Level;
use felt_schema::happiness::Cause;
use felt_schema::rows::PageViewRow;
use serde_json::{Value, json};
use std::sync::Arc;

/// In every text of `blog`, and in none of `shop`.
const MARK: &str = "blogmark";
/// Page views of each.
const SHOP_VIEWS: u64 = 3;
const BLOG_VIEWS: u64 = 7;

fn marked(view: PageViewRow, mark: &str) -> PageViewRow {
    let text = |what: &str| format!("{mark}-{what}");
    judged(
        PageViewRow {
            page: format!("/{mark}"),
            path: format!("/{mark}/path"),
            title: text("title"),
            country: text("country"),
            region: text("region"),
            device: text("device"),
            os: text("os"),
            browser: text("browser"),
            browser_version: text("version"),
            connection: text("connection"),
            release: text("release"),
            nav: text("nav"),
            referrer: text("referrer"),
            lang: text("lang"),
            tags: vec![(text("tag"), text("value"))],
            timing_names: vec![text("timing")],
            timing_values: vec![1_500],
            lcp: 1_234_000,
            ..view
        },
        Level::Painful,
        Some(Cause::SlowOpen),
    )
}

async fn two_sites() -> Service {
    let stored = |store: &felt_store::Store| Arc::new(StoredTokens::new(store.clone())) as Arc<dyn Authorize>;
    let service = Service::with(stored, QueryConfig::default()).await;
    let mut views: Vec<PageViewRow> = (0..SHOP_VIEWS).map(|_| marked(service.view(HOUR_MS), "shopmark")).collect();
    let blog = |ago_ms| PageViewRow { site: "blog".into(), ..marked(service.view(ago_ms), MARK) };
    views.extend((1..BLOG_VIEWS).map(|_| blog(HOUR_MS)));
    views.push(PageViewRow { page: format!("/{MARK}/two"), ..blog(3 * DAY_MS) });
    service.write(&views).await;
    service.outcomes("shop", &[("accepted", "", 3)]).await;
    service.outcomes("blog", &[("accepted", "", 7), ("refused", "blogmark-reason", 5), ("folded", "page", 9)]).await;
    service
}

async fn token(service: &Service, site: &str) -> String {
    let new = NewToken { name: "test".into(), sites: vec![site.into()], scopes: vec![Scope::Admin] };
    format!("Bearer {}", tokens::create(&service.store, &*service.clock, new).await.unwrap().token)
}

/// Every GET of the document that has a site in its path, and the parameters that it takes.
async fn site_calls(service: &Service) -> Vec<(String, Vec<String>)> {
    let document = service.get("/api/v1/openapi.json").await;
    let calls: Vec<(String, Vec<String>)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(path, item)| path.contains("{site}") && item["get"].is_object())
        .map(|(path, item)| {
            let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
            let of_query = parameters.iter().filter(|parameter| parameter["in"] == "query");
            (path.clone(), of_query.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect())
        })
        .collect();
    assert!(calls.len() >= 9, "{calls:?}");
    calls
}

/// Questions that a call understands and that try to reach over.
fn questions(parameters: &[String]) -> Vec<String> {
    let takes = |name: &str| parameters.iter().any(|known| known == name);
    let mut base = String::from("?");
    if takes("by") {
        base.push_str("by=page&");
    }
    if takes("metric") {
        base.push_str("metric=lcp&");
    }
    let mut questions = vec![base.clone()];
    if takes("f") {
        for filter in [
            "page:glob:*",
            "page:is:/blogmark",
            "page:not:/shopmark",
            "release:set",
            "tag:blogmark-tag:set",
            "country:prefix:blog",
            "page:is:'%20OR%20site%20%3D%20'blog",
            "path:is:%7Bsite:String%7D",
        ] {
            questions.push(format!("{base}f={filter}&who=all"));
        }
    }
    for (name, values) in [
        ("by", &["page,release", "tag:blogmark-tag", "country,region"][..]),
        ("metrics", &["timing:blogmark-timing,happiness,lcp"]),
        ("q", &["blogmark", "mark"]),
        ("range", &["28d", "90d"]),
        ("order", &["page", "-lost", "lcp.p75"]),
        ("min", &["1"]),
        ("site", &["blog"]),
    ] {
        if takes(name) {
            let rest = if name == "by" { "?" } else { &base };
            questions.extend(values.iter().map(|value| format!("{rest}{name}={value}")));
        }
    }
    questions
}

/// What an answer says of the data: all of it but the echo of the question.
fn told(answer: &Value) -> String {
    // The name of a tag or timing that was asked for comes back as a column's: the asker's word, with nothing behind it.
    format!("{} {}", answer["data"], answer["meta"]["warnings"])
        .replace("\"tag:blogmark-tag\":null", "")
        .replace("\"metric\":\"timing:blogmark-timing\"", "")
}

#[tokio::test]
async fn no_answer_of_one_site_holds_anything_of_another() {
    let service = two_sites().await;
    let (shop, blog) = (token(&service, "shop").await, token(&service, "blog").await);
    for (site, token, mark) in [("shop", &shop, "shopmark"), ("blog", &blog, MARK)] {
        let journey = json!({"name": mark, "steps": [{"name": mark, "page": format!("/{mark}")}]});
        let request = Request::put(format!("/api/v1/sites/{site}/journeys/some-id")).header("authorization", token);
        let request = request.header("content-type", "application/json").body(Body::from(journey.to_string())).unwrap();
        assert_eq!(send(&service.router, request).await.status, StatusCode::CREATED);
    }
    let (mut asked, mut answered) = (0, 0);
    for (path, parameters) in site_calls(&service).await {
        for dimension in ["page", "release", "tag:blogmark-tag", "country"] {
            let path = path.replace("{dimension}", dimension).replace("{id}", "some-id");
            for question in questions(&parameters) {
                let address = path.replace("{site}", "shop") + &question;
                let answer = service.ask(&address, &[("authorization", &shop)]).await;
                let json = answer.json();
                assert!(matches!(answer.status.as_u16(), 200 | 400 | 404), "{address}: {json}");
                answered += usize::from(answer.status == StatusCode::OK);
                assert!(!told(&json).contains(MARK), "{address}: {json}");
                assert!(json["meta"]["views"].as_u64().unwrap_or(0) <= SHOP_VIEWS, "{address}: {json}");
                // The same question about the other site does tell: the marks are there to be found.
                let theirs = path.replace("{site}", "blog") + &question;
                let refused = service.ask(&theirs, &[("authorization", &shop)]).await;
                assert_eq!(refused.status, StatusCode::FORBIDDEN, "{theirs}");
                assert!(!refused.text().contains(MARK), "{theirs}");
                let tag = answer.header(header::ETAG).to_owned();
                if !tag.is_empty() {
                    // A tag is good for its own question only, and tells nobody else that anything is there.
                    let probe = [("authorization", blog.as_str()), ("if-none-match", tag.as_str())];
                    assert_ne!(service.ask(&theirs, &probe).await.status, StatusCode::NOT_MODIFIED, "{theirs}");
                    let probe = [("authorization", shop.as_str()), ("if-none-match", "*")];
                    assert_eq!(service.ask(&theirs, &probe).await.status, StatusCode::FORBIDDEN, "{theirs}");
                }
                asked += 1;
            }
            if !path.contains("values") {
                break;
            }
        }
    }
    assert!(asked > 60 && answered * 3 > asked * 2, "{answered} of {asked} were answered");
    let all = service.ask("/api/v1/sites/blog/breakdown?by=page&range=24h", &[("authorization", &blog)]).await;
    assert!(told(&all.json()).contains(MARK), "the marks can be found by whom they belong to");
}

#[tokio::test]
async fn batches_cursors_and_odd_addresses_do_not_mix_sites() {
    let service = two_sites().await;
    let (shop, blog) = (token(&service, "shop").await, token(&service, "blog").await);
    let bearer = |token: &str| [("authorization", token.to_owned())];
    let parts: Vec<String> = ["shop", "blog", "shop", "blog"]
        .iter()
        .flat_map(|site| {
            [
                format!("/api/v1/sites/{site}/summary?range=24h"),
                format!("/api/v1/sites/{site}/breakdown?by=page&range=24h"),
            ]
        })
        .collect();
    for (token, own) in [(&shop, "shop"), (&blog, "blog")] {
        let mut request = Request::post("/api/v1/batch").header("content-type", "application/json");
        for (name, value) in bearer(token) {
            request = request.header(name, value);
        }
        let answer = send(&service.router, request.body(Body::from(json!(parts).to_string())).unwrap()).await;
        let answers = answer.json()["responses"].as_array().unwrap().clone();
        assert_eq!(answers.len(), parts.len());
        for (part, answer) in parts.iter().zip(&answers) {
            let theirs = !part.contains(own);
            assert_eq!(answer["status"], if theirs { 403 } else { 200 }, "{part}");
            let text = answer["body"].to_string();
            assert!(
                theirs || text.contains(&format!("\"views\":{}", if own == "shop" { 3 } else { 6 })),
                "{part}: {text}"
            );
            let others = if own == "shop" { MARK } else { "shopmark" };
            assert!(!text.contains(others), "{part}: {text}");
        }
    }

    // A page begun on one site and gone on with on another.
    let path = "/api/v1/sites/blog/breakdown?by=page,nav&range=7d&limit=1&min=1";
    let one =
        service.ask("/api/v1/sites/blog/breakdown?by=page&range=7d&limit=1", &[("authorization", &blog)]).await.json();
    let cursor = one["meta"]["next"].as_str().map(str::to_owned);
    for next in cursor.iter().map(String::as_str).chain(["by=page&cursor=WzAsMCwxLCJ4Il0", "by=page&cursor=../blog"]) {
        let answer = service.ask(&format!("/api/v1/sites/shop/breakdown?{next}"), &[("authorization", &shop)]).await;
        assert!(!told(&answer.json()).contains(MARK), "{next}: {}", answer.text());
        assert!(answer.status == StatusCode::OK || answer.status == StatusCode::BAD_REQUEST, "{next}");
    }
    assert!(cursor.is_some(), "there is a second page: {one}");
    assert_eq!(service.ask(path, &[("authorization", &shop)]).await.status, StatusCode::FORBIDDEN);

    for site in [
        "shop%2F..%2Fblog",
        "..%2Fblog",
        "blog%00",
        "blog%20",
        "%62log",
        "BLOG",
        "shop,blog",
        "*",
        "%2A",
        "shop%27%20OR%201%3D1%20--",
        "%7Bsite:String%7D",
    ] {
        let address = format!("/api/v1/sites/{site}/breakdown?by=page&range=24h");
        let answer = service.ask(&address, &[("authorization", &shop)]).await;
        assert!(matches!(answer.status.as_u16(), 400 | 403 | 404), "{address}: {}", answer.status);
        assert!(!answer.text().contains(MARK), "{address}: {}", answer.text());
    }
}
