//! Page rules: set as a list, listed with whose they are, and tried out over what was measured.

use super::support::{HOUR_MS, Service};
use axum::http::StatusCode;
use felt_schema::rows::PageViewRow;
use serde_json::{Value, json};

const RULES: &str = "/api/v1/sites/shop/page-rules";

fn rules(pairs: &[(&str, &str)]) -> Value {
    let rules: Vec<Value> = pairs.iter().map(|(pattern, page)| json!({"pattern": pattern, "page": page})).collect();
    json!({"rules": rules})
}

async fn listed(service: &Service) -> Vec<Value> {
    service.get(RULES).await["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_list_holds_from_a_full_minute_on_until_it_is_taken_back() {
    let service = Service::start().await;
    assert_eq!(listed(&service).await, Vec::<Value>::new(), "nothing is configured");
    let two = rules(&[("/p/*/reviews", "reviews"), ("/p/**", "/p/:product")]);
    let answer = service.json("PUT", RULES, &two).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let saved = answer.json()["data"].as_array().unwrap().clone();
    let since: jiff::Timestamp = saved[0]["since"].as_str().unwrap().parse().unwrap();
    let wait_ms = since.as_millisecond() - service.now_ms();
    assert!((60_000..120_000).contains(&wait_ms) && since.as_millisecond() % 60_000 == 0, "{saved:?}");
    for (row, rule) in saved.iter().zip(two["rules"].as_array().unwrap()) {
        assert_eq!((&row["pattern"], &row["page"]), (&rule["pattern"], &rule["page"]), "in their order");
        assert_eq!((&row["source"], &row["version"], &row["in_effect"]), (&json!("own"), &json!(1), &json!(false)));
    }
    assert_eq!(listed(&service).await, saved);
    service.clock.advance(2 * 60_000);
    assert_eq!(listed(&service).await[0]["in_effect"], true);
    let answer = service.json("PUT", RULES, &rules(&[("/q/*", "q")])).await;
    assert_eq!((answer.status, &answer.json()["data"][0]["version"]), (StatusCode::OK, &json!(2)));
    assert_eq!(service.json("DELETE", RULES, &Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(listed(&service).await.len(), 0);
    assert_eq!(service.json("DELETE", RULES, &Value::Null).await.status, StatusCode::NOT_FOUND);
    assert_eq!(service.json("PUT", RULES, &two).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_wrong_list_is_told_all_its_faults_and_changes_nothing() {
    let service = Service::start().await;
    let long = "x".repeat(257);
    for (body, fields) in [
        (json!({}), vec!["rules"]),
        (json!({"rules": []}), vec!["rules"]),
        (json!({"rules": [1], "rule": 2}), vec!["rules[0]", "rule"]),
        (rules(&[("/ok", "ok"), ("p/*", "p")]), vec!["rules[1].pattern"]),
        (json!({"rules": [{"pattern": "/p", "pgae": "p"}]}), vec!["rules[0].page", "rules[0].pgae"]),
        (rules(&[("/p", &long)]), vec!["rules[0].page"]),
        (rules(&[("p", "")]), vec!["rules[0].page", "rules[0].pattern"]),
    ] {
        for (method, path) in [("PUT", RULES.to_owned()), ("POST", format!("{RULES}/preview"))] {
            let answer = service.json(method, &path, &body).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
            let problem = answer.json();
            let told = problem["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap());
            assert_eq!(told.collect::<Vec<_>>(), fields, "{problem}");
        }
    }
    assert_eq!(listed(&service).await.len(), 0);
    let far = json!({"rules": [{"pattern": "/p", "page": "p"}], "range": "90d"});
    assert_eq!(service.json("POST", &format!("{RULES}/preview"), &far).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_preview_tells_which_pages_would_take_views_from_which() {
    let service = Service::start().await;
    let mut views = Vec::new();
    for (path, page, count) in [
        ("/p/red-shoe", "/p/red-shoe", 3),
        ("/p/blue-shoe", "/p/blue-shoe", 2),
        ("/p/sandal", "(other)", 4),
        ("/p/17", "named by the app", 5),
        ("/cart", "/cart", 6),
    ] {
        for _ in 0..count {
            views.push(PageViewRow { path: path.into(), page: page.into(), ..service.view(HOUR_MS) });
        }
    }
    views.push(PageViewRow {
        path: "/p/x".into(),
        page: "/p/x".into(),
        bot: "crawler".into(),
        ..service.view(HOUR_MS)
    });
    // A view whose later snapshot took it back is none.
    let gone = PageViewRow { path: "/p/gone".into(), page: "/p/gone".into(), ..service.view(HOUR_MS) };
    views.extend([gone.clone(), PageViewRow { sign: -1, ..gone }]);
    service.write(&views).await;
    let body = rules(&[("/p/*", "/p/:product")]);
    let answer = service.json("POST", &format!("{RULES}/preview"), &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let data = &answer.json()["data"];
    assert_eq!((&data["views"], &data["changed"], &data["warnings"]), (&json!(20), &json!(9), &json!([])));
    assert_eq!(
        data["words"],
        "With these rules 9 of 20 page views of the last 7 days would be under another page. \
         At least 5 of them are named by the site itself (route): those stay."
    );
    let expected = json!([
        {"page": "/p/:product", "views": 9, "paths": 3, "example": "/p/sandal", "was": ["(other)", "/p/red-shoe", "/p/blue-shoe"]},
        {"page": "/cart", "views": 6, "paths": 1, "example": "/cart", "was": []},
        {"page": "named by the app", "views": 5, "paths": 1, "example": "/p/17", "was": []},
    ]);
    assert_eq!(data["pages"], expected);
}
