//! Releases and annotations: marked by CI, seen in the data, said by people; repeated without harm.

use super::support::{DAY_MS, HOUR_MS, Service, judged, send, time};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use felt_schema::anchors::Level;
use felt_schema::rows::PageViewRow;
use serde_json::{Value, json};

async fn write(service: &Service, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(format!("/api/v1/sites/shop/{path}"));
    let request = request.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap();
    let answer = send(&service.router, request).await;
    (answer.status, answer.json())
}

fn names(answer: &Value) -> Vec<&str> {
    answer["data"].as_array().unwrap().iter().map(|row| row["release"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn releases_are_seen_without_a_mark_and_marked_without_a_view() {
    let service = Service::start().await;
    let of = |release: &str, ago_ms: i64| PageViewRow { release: release.into(), ..service.view(ago_ms) };
    let mut views =
        vec![of("410", 20 * DAY_MS), of("410", 2 * DAY_MS), of("411", DAY_MS), of("", HOUR_MS), of("(other)", HOUR_MS)];
    views[1] = judged(views[1].clone(), Level::Brutal, None);
    service.write(&views).await;
    let path = "/api/v1/sites/shop/releases?range=7d";
    let seen = service.get(path).await;
    assert_eq!(names(&seen), ["411", "410"]);
    let old = &seen["data"][1];
    assert_eq!(
        (old["source"].as_str(), old["views"].as_i64(), old["happiness"].as_f64()),
        (Some("seen"), Some(1), Some(0.0))
    );
    let first_ms = (service.now_ms() - 20 * DAY_MS).div_euclid(HOUR_MS) * HOUR_MS;
    assert_eq!(old["first_seen"], time(first_ms));
    assert_eq!(old["at"], old["first_seen"]);

    let at = time(service.now_ms().div_euclid(1000) * 1000 - 30 * HOUR_MS);
    let mark = json!({"release": "411", "at": at, "note": "New checkout", "url": "https://ci.example/411"});
    let (status, saved) = write(&service, Method::POST, "releases", mark.clone()).await;
    assert_eq!((status, saved["data"]["release"].as_str()), (StatusCode::CREATED, Some("411")), "{saved}");
    for again in [mark, json!({"release": "411"})] {
        let (status, same) = write(&service, Method::POST, "releases", again).await;
        assert_eq!((status, &same), (StatusCode::OK, &saved));
    }
    assert_eq!(write(&service, Method::POST, "releases", json!({"release": "412"})).await.0, StatusCode::CREATED);
    let marked = service.get(path).await;
    assert_eq!(names(&marked), ["412", "411", "410"]);
    let row = &marked["data"][1];
    assert_eq!((row["source"].as_str(), row["at"].as_str()), (Some("marked"), Some(at.as_str())), "{row}");
    assert_eq!((row["note"].as_str(), row["views"].as_i64()), (Some("New checkout"), Some(1)));
    assert_eq!((&marked["data"][0]["views"], &marked["data"][0]["happiness"]), (&Value::from(0), &Value::Null));

    assert_eq!(write(&service, Method::DELETE, "releases/411", Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(write(&service, Method::DELETE, "releases/411", Value::Null).await.0, StatusCode::NOT_FOUND);
    assert_eq!(service.get(path).await["data"][1]["source"], "seen", "page views still tell of it");
    let csv = service.ask(path, &[("accept", "text/csv")]).await.text();
    assert!(csv.starts_with("release,at,source,first_seen"), "{csv}");
}

#[tokio::test]
async fn annotations_are_said_once_changed_and_taken_back() {
    let service = Service::start().await;
    let at = time(service.now_ms().div_euclid(1000) * 1000 - HOUR_MS);
    let said = json!({"at": at, "text": "Sale began"});
    let (status, saved) = write(&service, Method::POST, "annotations", said.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{saved}");
    let id = saved["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!(write(&service, Method::POST, "annotations", said).await.0, StatusCode::OK, "twice is once");
    let old =
        json!({"at": time(service.now_ms() - 30 * DAY_MS), "to": time(service.now_ms() - 20 * DAY_MS), "text": "Old"});
    assert_eq!(write(&service, Method::POST, "annotations", old).await.0, StatusCode::CREATED);
    let list = service.get("/api/v1/sites/shop/annotations?range=24h").await;
    assert_eq!(list["data"].as_array().unwrap().len(), 1, "{list}");
    assert_eq!(list["data"][0]["text"], "Sale began");
    let all = service.get("/api/v1/sites/shop/annotations?range=21d").await;
    assert_eq!(all["data"].as_array().unwrap().len(), 2, "a span that reaches into the range is of it: {all}");

    let path = format!("annotations/{id}");
    let (status, changed) = write(&service, Method::PUT, &path, json!({"at": at, "text": "Sale"})).await;
    assert_eq!((status, changed["data"]["text"].as_str()), (StatusCode::OK, Some("Sale")));
    assert_eq!(write(&service, Method::PUT, "annotations/none", json!({"text": "x"})).await.0, StatusCode::NOT_FOUND);
    assert_eq!(write(&service, Method::DELETE, &path, Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(write(&service, Method::DELETE, &path, Value::Null).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn all_faults_of_a_mark_are_told_at_once() {
    let service = Service::start().await;
    let wrong = json!({"relase": "1", "at": "today", "url": "javascript:alert(1)"});
    let (status, problem) = write(&service, Method::POST, "releases", wrong).await;
    assert_eq!((status, problem["did_you_mean"].as_str()), (StatusCode::BAD_REQUEST, Some("release")), "{problem}");
    let fields: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["release", "at", "url", "relase"]);
    let backwards = json!({"at": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z", "text": "x"});
    let (status, problem) = write(&service, Method::POST, "annotations", backwards).await;
    assert!(
        status == StatusCode::BAD_REQUEST && problem["detail"].as_str().unwrap().contains("later than `at`"),
        "{problem}"
    );
}
