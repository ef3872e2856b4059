//! Who may read what, and what happens when the store is away or a question costs too much.

use super::support::{HOUR_MS, Service, ask, send};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use felt_http::{Authorize, OpenAccess, Scope};
use felt_query::tokens::{self, NewToken, StoredTokens};
use felt_query::{QueryConfig, QueryState, router};
use felt_schema::clock::SystemClock;
use felt_schema::site::{Site, Sites};
use felt_store::testing::TestEngine;
use felt_store::{Store, StoreConfig};
use serde_json::{Value, json};
use std::sync::Arc;

/// Every GET below a site.
const CALLS: [&str; 7] =
    ["schema", "values/page", "summary", "series", "breakdown?by=page", "distribution?metric=lcp", "health"];

async fn token(service: &Service, sites: &[&str], scopes: &[Scope]) -> String {
    let sites = sites.iter().map(|&site| site.to_owned()).collect();
    let new = NewToken { name: "test".into(), sites, scopes: scopes.to_vec() };
    let token = tokens::create(&service.store, &*service.clock, new).await.unwrap().token;
    format!("Bearer {token}")
}

#[tokio::test]
async fn no_call_answers_about_a_site_that_the_token_is_not_for() {
    let stored = |store: &Store| Arc::new(StoredTokens::new(store.clone())) as Arc<dyn Authorize>;
    let service = Service::with(stored, QueryConfig::default()).await;
    assert!(!tokens::any(&service.store).await.unwrap());
    let shop = token(&service, &["shop"], &[Scope::ReadMetrics]).await;
    let everywhere = token(&service, &["*"], &[Scope::Admin]).await;
    let other_scope = token(&service, &["shop"], &[Scope::ReadSessions, Scope::WriteSlos]).await;
    assert!(tokens::any(&service.store).await.unwrap());
    service.write(&[service.view(HOUR_MS)]).await;

    for call in CALLS {
        for (site, bearer, status) in [
            ("shop", Some(&shop), 200),
            ("shop", Some(&everywhere), 200),
            ("blog", Some(&everywhere), 200),
            ("blog", Some(&shop), 403),
            ("nowhere", Some(&shop), 403),
            ("nowhere", Some(&everywhere), 404),
            ("shop", Some(&other_scope), 403),
            ("shop", Some(&"Bearer felt_unknown".to_owned()), 401),
            ("shop", Some(&"Basic c2hvcDo=".to_owned()), 401),
            ("shop", None, 401),
        ] {
            let path = format!("/api/v1/sites/{site}/{call}");
            let headers: Vec<(&str, &str)> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
            let answer = service.ask(&path, &headers).await;
            assert_eq!(answer.status.as_u16(), status, "{path} {bearer:?}: {}", answer.text());
            if status == 401 {
                assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Bearer"));
            }
            // The same inside of a batch.
            let mut request = Request::post("/api/v1/batch");
            if let Some(bearer) = bearer {
                request = request.header("authorization", bearer);
            }
            let batch = send(&service.router, request.body(Body::from(json!([path]).to_string())).unwrap()).await;
            assert_eq!(batch.json()["responses"][0]["status"], status, "{path} {bearer:?}");
        }
    }
    let sites = |answer: Value| answer["data"].as_array().map(Vec::len);
    assert_eq!(sites(service.ask("/api/v1/sites", &[("authorization", &shop)]).await.json()), Some(1));
    assert_eq!(sites(service.ask("/api/v1/sites", &[("authorization", &everywhere)]).await.json()), Some(2));
    assert_eq!(sites(service.ask("/api/v1/sites", &[("authorization", &other_scope)]).await.json()), Some(0));
    assert_eq!(service.ask("/api/v1/sites", &[]).await.status, StatusCode::UNAUTHORIZED);
    // Neither the document nor the dashboard holds anybody's data.
    assert_eq!(service.ask("/api/v1/openapi.json", &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_is_not_in_the_store_that_checks_it() {
    let service = Service::start().await;
    let token = token(&service, &["shop"], &[Scope::ReadMetrics]).await;
    let secret = token.trim_start_matches("Bearer ").to_owned();
    let sql = "SELECT * FROM tokens";
    let rows = service.store.query_json(sql, &[], Default::default()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(!format!("{rows:?}").contains(&secret));
}

#[tokio::test]
async fn without_a_store_there_is_a_503_that_says_when_to_come_back() {
    let sites = Arc::new(Sites::new(vec![Site { key: "shop".into(), ..Site::default() }]).unwrap());
    // Nothing listens on the discard port of this machine's own address.
    let store = Store::connect(StoreConfig { url: "http://127.0.0.1:9".into(), ..StoreConfig::default() });
    let clock = Arc::new(SystemClock);
    let open =
        QueryState::new(QueryConfig::default(), store.clone(), sites.clone(), clock.clone(), Arc::new(OpenAccess));
    let stored = Arc::new(StoredTokens::new(store.clone()));
    let guarded = QueryState::new(QueryConfig::default(), store, sites, clock, stored);
    for call in CALLS {
        for (router, headers) in
            [(router(open.clone()), vec![]), (router(guarded.clone()), vec![("authorization", "Bearer x")])]
        {
            let answer = ask(&router, &format!("/api/v1/sites/shop/{call}"), &headers).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{call}");
            assert!(answer.header(header::RETRY_AFTER).parse::<u32>().is_ok(), "{call}");
            assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json");
        }
    }
}

#[tokio::test]
async fn a_question_that_costs_too_much_is_told_so() {
    let config = QueryConfig { rows_read_max: 10, ..QueryConfig::default() };
    let service = Service::with(|_| Arc::new(OpenAccess), config).await;
    let views: Vec<_> = (0..100).map(|_| service.view(HOUR_MS)).collect();
    service.write(&views).await;
    let answer = service.ask("/api/v1/sites/shop/summary?range=24h&f=os:is:iOS", &[]).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["type"]), (422, &json!("urn:felt:problem:too-expensive")));
}

#[tokio::test]
async fn a_known_answer_outlives_the_store() {
    // An engine of its own, because it is stopped.
    let engine = TestEngine::start().await;
    let store = engine.migrated("alone").await;
    let sites = Arc::new(Sites::new(vec![Site { key: "shop".into(), ..Site::default() }]).unwrap());
    let clock = Arc::new(felt_schema::clock::ManualClock::new(felt_schema::clock::Clock::now_ms(&SystemClock)));
    let config = QueryConfig { watermark_ms: 0, cache_ms: 600_000, ..QueryConfig::default() };
    let service = router(QueryState::new(config, store, sites, clock, Arc::new(OpenAccess)));
    let path = "/api/v1/sites/shop/summary?range=24h";
    let first = ask(&service, path, &[]).await;
    assert_eq!(first.status, StatusCode::OK);
    tokio::task::spawn_blocking(|| drop(engine)).await.unwrap();
    let unchanged = ask(&service, path, &[("if-none-match", first.header(header::ETAG))]).await;
    assert_eq!(unchanged.status, StatusCode::NOT_MODIFIED);
    let kept = ask(&service, path, &[]).await;
    assert_eq!((kept.status, &kept.json()["data"]), (StatusCode::OK, &first.json()["data"]));
    let other = ask(&service, "/api/v1/sites/shop/summary?range=48h", &[]).await;
    assert_eq!(other.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_site_that_asks_too_much_at_once_is_asked_to_come_back() {
    let config = QueryConfig { queries_per_site_max: 0, queue_wait_ms_max: 10, ..QueryConfig::default() };
    let service = Service::with(|_| Arc::new(OpenAccess), config).await;
    let answer = service.ask("/api/v1/sites/shop/summary", &[]).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    // Jittered, so that those who are refused do not return in the same second.
    let after_s: u32 = answer.header(header::RETRY_AFTER).parse().unwrap();
    assert!((1..=4).contains(&after_s), "{after_s}");
}
