//! The CrUX API's shapes over one's own data, as its clients ask and read them.

use super::support::{Answer, DAY_MS, HOUR_MS, Service, send};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use felt_http::{Authorize, Scope};
use felt_query::QueryConfig;
use felt_query::tokens::{self, NewToken, StoredTokens};
use felt_schema::rows::PageViewRow;
use serde_json::{Value, json};
use std::sync::Arc;

async fn ask(service: &Service, call: &str, body: &Value, token: Option<&str>) -> Answer {
    let mut request = Request::post(format!("/v1/records:{call}")).header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", token);
    }
    send(&service.router, request.body(Body::from(body.to_string())).unwrap()).await
}

async fn record(service: &Service, body: Value) -> Value {
    let answer = ask(service, "queryRecord", &body, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{body}: {}", answer.text());
    answer.json()
}

/// Eight page views of two hosts: seven of the shop, of which one is a bot's, and one of its help.
async fn shop() -> Service {
    let service = Service::start().await;
    let view = |host: &str, path: &str, page: &str, lcp: u32, device: &str| PageViewRow {
        host: host.into(),
        path: path.into(),
        page: page.into(),
        device: device.into(),
        lcp: lcp * 1_000,
        cls: 54_000,
        ..service.view(HOUR_MS)
    };
    let own = |path, page, lcp, device| view("shop.example", path, page, lcp, device);
    let views = [
        own("/", "/", 1_000, "mobile"),
        own("/", "/", 3_000, "mobile"),
        own("/", "/", 5_000, "desktop"),
        own("/p/1", "/p/:id", 2_000, "mobile"),
        own("/p/1", "/p/:id", 2_100, "mobile"),
        own("/p/2", "/p/:id", 9_000, "tablet"),
        PageViewRow { bot: "crawler".into(), ..own("/", "/", 60_000, "mobile") },
        view("help.shop.example", "/", "/", 8_000, "mobile"),
    ];
    service.write(&views).await;
    service
}

#[tokio::test]
async fn a_record_has_the_shape_and_the_numbers_that_crux_would_tell() {
    let service = shop().await;
    let answer = record(&service, json!({"origin": "https://shop.example"})).await;
    let record_ = &answer["record"];
    assert_eq!(record_["key"], json!({"origin": "https://shop.example"}));
    assert_eq!(
        record_["metrics"]["largest_contentful_paint"],
        json!({
            "histogram": [
                {"start": 0, "end": 2500, "density": 0.5},
                {"start": 2500, "end": 4000, "density": 0.1667},
                {"start": 4000, "density": 0.3333},
            ],
            "percentiles": {"p75": 5000},
        })
    );
    assert_eq!(
        record_["metrics"]["cumulative_layout_shift"],
        json!({
            "histogram": [
                {"start": "0.00", "end": "0.10", "density": 1.0},
                {"start": "0.10", "end": "0.25", "density": 0.0},
                {"start": "0.25", "density": 0.0},
            ],
            "percentiles": {"p75": "0.05"},
        })
    );
    assert_eq!(
        record_["metrics"]["form_factors"],
        json!({"fractions": {"desktop": 0.1667, "phone": 0.6667, "tablet": 0.1667}})
    );
    assert_eq!(record_["metrics"]["interaction_to_next_paint"], Value::Null, "what was not measured is left out");
    let today = jiff::Timestamp::from_millisecond(service.now_ms()).unwrap().to_zoned(jiff::tz::TimeZone::UTC).date();
    let last = &record_["collectionPeriod"]["lastDate"];
    assert_eq!(last, &json!({"year": today.year(), "month": today.month(), "day": today.day()}));
    assert_eq!(answer["urlNormalizationDetails"], Value::Null);
}

#[tokio::test]
async fn a_url_is_its_own_page_views_and_a_device_only_its_own() {
    let service = shop().await;
    let only = json!(["largest_contentful_paint"]);
    let p75 = |answer: &Value| answer["record"]["metrics"]["largest_contentful_paint"]["percentiles"]["p75"].clone();
    let one = record(&service, json!({"url": "https://shop.example/p/1?utm=x#y", "metrics": only})).await;
    assert_eq!((p75(&one), &one["record"]["key"]), (json!(2100), &json!({"url": "https://shop.example/p/1"})));
    assert_eq!(
        one["urlNormalizationDetails"],
        json!({"originalUrl": "https://shop.example/p/1?utm=x#y", "normalizedUrl": "https://shop.example/p/1"})
    );
    assert_eq!(one["record"]["metrics"].as_object().unwrap().len(), 1);
    let route = record(&service, json!({"url": "https://shop.example/p/:id", "metrics": only})).await;
    assert_eq!(p75(&route), 9000, "the name of a page is all of it");
    let help = record(&service, json!({"origin": "https://help.shop.example", "metrics": only})).await;
    assert_eq!(p75(&help), 8000, "each host by itself");
    let phone = record(&service, json!({"origin": "https://shop.example", "formFactor": "PHONE"})).await;
    assert_eq!(p75(&phone), 2100);
    assert_eq!(phone["record"]["key"], json!({"formFactor": "PHONE", "origin": "https://shop.example"}));
    assert_eq!(phone["record"]["metrics"]["form_factors"], Value::Null);
}

#[tokio::test]
async fn a_history_is_weekly_with_nulls_where_nothing_was() {
    let service = Service::start().await;
    let view = |ago_ms, lcp: u32| PageViewRow { host: "shop.example".into(), lcp: lcp * 1_000, ..service.view(ago_ms) };
    service.write(&[view(HOUR_MS, 1_000), view(60 * DAY_MS, 5_000), view(60 * DAY_MS, 3_000)]).await;
    let body = json!({"origin": "https://shop.example", "metrics": ["largest_contentful_paint", "form_factors"]});
    let answer = ask(&service, "queryHistoryRecord", &body, None).await.json();
    let record = &answer["record"];
    let periods = record["collectionPeriods"].as_array().unwrap();
    let lcp = &record["metrics"]["largest_contentful_paint"];
    let p75s = lcp["percentilesTimeseries"]["p75s"].as_array().unwrap();
    assert_eq!((periods.len(), p75s.len()), (25, 25));
    assert_eq!((&p75s[24], &p75s[0]), (&json!(1000), &Value::Null));
    // Sixty days ago is in the four records that reach over it.
    assert_eq!(p75s.iter().filter(|p75| **p75 == json!(5000)).count(), 4, "{p75s:?}");
    let poor = &lcp["histogramTimeseries"][2];
    assert_eq!((&poor["start"], &poor["end"]), (&json!(4000), &Value::Null));
    let densities = poor["densities"].as_array().unwrap();
    assert_eq!((&densities[24], &densities[0]), (&json!(0.0), &json!("NaN")));
    assert_eq!(densities.iter().filter(|density| **density == json!(0.5)).count(), 4);
    let phones = &record["metrics"]["form_factors"]["fractionTimeseries"]["phone"]["fractions"];
    assert_eq!((&phones[24], &phones[0]), (&json!(1.0), &json!("NaN")));
    let few = json!({"origin": "https://shop.example", "collectionPeriodCount": 2});
    let few = ask(&service, "queryHistoryRecord", &few, None).await.json();
    assert_eq!(few["record"]["collectionPeriods"].as_array().unwrap().len(), 2);
    assert_eq!(few["record"]["collectionPeriods"][1], periods[24]);
}

#[tokio::test]
async fn faults_have_the_envelope_that_its_clients_look_for() {
    let service = shop().await;
    for (body, code, status, words) in [
        (json!({"origin": "https://nobody.example"}), 404, "NOT_FOUND", "data not found"),
        (json!({"url": "https://shop.example/nowhere"}), 404, "NOT_FOUND", "data not found"),
        (json!({"origin": "shop"}), 400, "INVALID_ARGUMENT", "origin"),
        (json!({"origin": "https://shop.example", "formFactor": "PHNE"}), 400, "INVALID_ARGUMENT", "PHONE"),
        (json!({"origin": "https://shop.example", "metrics": ["lcp"]}), 400, "INVALID_ARGUMENT", "metric"),
        (json!([]), 400, "INVALID_ARGUMENT", "object"),
        (json!({"url": "https://shop.example/' OR 1=1 --"}), 400, "INVALID_ARGUMENT", "url"),
        (json!({"url": "https://shop.example/'%20OR'1'='1"}), 404, "NOT_FOUND", "data not found"),
    ] {
        for call in ["queryRecord", "queryHistoryRecord"] {
            let answer = ask(&service, call, &body, None).await;
            let error = answer.json()["error"].clone();
            assert_eq!((answer.status.as_u16(), &error["status"]), (code, &json!(status)), "{body}: {error}");
            assert!(error["message"].as_str().unwrap().contains(words), "{body}: {error}");
            assert_eq!(error["code"], code);
        }
    }
}

#[tokio::test]
async fn a_token_reads_its_own_sites_and_learns_nothing_of_others() {
    let stored = |store: &felt_store::Store| Arc::new(StoredTokens::new(store.clone())) as Arc<dyn Authorize>;
    let service = Service::with(stored, QueryConfig::default()).await;
    let view = PageViewRow { host: "shop.example".into(), lcp: 1_000_000, ..service.view(HOUR_MS) };
    service.write(&[view]).await;
    let token = async |site: &str, scope| {
        let new = NewToken { name: "test".into(), sites: vec![site.into()], scopes: vec![scope] };
        format!("Bearer {}", tokens::create(&service.store, &*service.clock, new).await.unwrap().token)
    };
    let body = json!({"origin": "https://shop.example"});
    for (token, code) in [
        (None, 401),
        (Some("Bearer felt_wrong".to_owned()), 401),
        (Some(token("shop", Scope::WriteSlos).await), 403),
        (Some(token("blog", Scope::ReadMetrics).await), 404),
        (Some(token("shop", Scope::ReadMetrics).await), 200),
    ] {
        for call in ["queryRecord", "queryHistoryRecord"] {
            let answer = ask(&service, call, &body, token.as_deref()).await;
            assert_eq!(answer.status.as_u16(), code, "{call}: {}", answer.text());
        }
    }
}
