//! The OpenAPI document names every route and parameter, and the answers have the shapes that it promises.

use super::support::{HOUR_MS, Service, event, judged, send};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use felt_query::grammar::Call;
use felt_schema::anchors::Level;
use felt_schema::happiness::Cause;
use felt_schema::rows::{EventRow, PageViewRow};
use felt_schema::snapshot::EventKind;
use serde_json::Value;

async fn document(service: &Service) -> Value {
    service.get("/api/v1/openapi.json").await
}

#[tokio::test]
async fn every_route_and_every_parameter_is_documented() {
    let service = Service::start().await;
    let document = document(&service).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = document["paths"].as_object().unwrap();
    for path in felt_query::paths() {
        assert!(paths.contains_key(path), "{path} is not documented");
    }
    assert_eq!(paths.len(), felt_query::paths().len());
    for call in Call::ALL {
        let suffix = match call {
            Call::Values => "/{dimension}",
            Call::Session => "/{id}",
            _ => "",
        };
        let operation = &paths[&format!("/api/v1/sites/{{site}}/{}{suffix}", call.name())]["get"];
        let parameters = operation["parameters"].as_array().unwrap().iter();
        let mut documented: Vec<&str> =
            parameters.filter(|p| p["in"] == "query").map(|p| p["name"].as_str().unwrap()).collect();
        let mut taken: Vec<&str> = call.parameters().iter().map(|parameter| parameter.name()).collect();
        documented.sort_unstable();
        taken.sort_unstable();
        assert_eq!(documented, taken, "{}", call.name());
        for status in ["200", "400", "401", "403", "404", "422", "429", "503"] {
            assert!(operation["responses"][status].is_object(), "{} {status}", call.name());
        }
        assert!(operation["security"].is_array());
    }
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
}

/// Checks that `value` has what `schema` requires, of the types that it names.
fn check(document: &Value, schema: &Value, value: &Value, place: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.trim_start_matches("#/components/schemas/");
        let schema = &document["components"]["schemas"][name];
        assert!(schema.is_object(), "{place}: {name} is not defined");
        return check(document, schema, value, place);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        check(document, part, value, place);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        if let (true, Some(choice)) = (!value.is_null(), choices.iter().find(|choice| choice["type"] != "null")) {
            check(document, choice, value, place);
        }
        return;
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{place}: unknown type {other}"),
    };
    assert!(types.is_empty() || types.iter().any(|kind| is(kind)), "{place}: {value} is no {types:?}");
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        assert!(value.get(name).is_some(), "{place}.{name} is missing in {value}");
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            check(document, schema, value, &format!("{place}.{name}"));
        }
    }
    if schema["additionalProperties"].is_object() {
        for (name, value) in value.as_object().into_iter().flatten() {
            check(document, &schema["additionalProperties"], value, &format!("{place}.{name}"));
        }
    }
    if schema["items"].is_object() {
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            check(document, &schema["items"], item, &format!("{place}[{index}]"));
        }
    }
}

#[tokio::test]
async fn answers_have_the_documented_shape() {
    let service = Service::start().await;
    let document = document(&service).await;
    let view = PageViewRow { lcp: 1_234_567, tags: vec![("plan".into(), "pro".into())], ..service.view(HOUR_MS) };
    service.write(&[judged(view, Level::Annoying, Some(Cause::SlowOpen)), service.view(HOUR_MS)]).await;
    let said = service.view(HOUR_MS);
    service.write_events(&[EventRow { score: 4.0, of: 5.0, ..event(&said, 0, EventKind::Feedback, 1_000) }]).await;
    service.outcomes("shop", &[("accepted", "", 2), ("refused", "not_json", 1)]).await;
    let home = r#"{"name": "Home", "steps": [{"name": "Home", "page": "/"}]}"#;
    let request = Request::put("/api/v1/sites/shop/journeys/session-1").header("content-type", "application/json");
    assert_eq!(send(&service.router, request.body(Body::from(home)).unwrap()).await.status, StatusCode::CREATED);
    for (path, query) in [
        ("/api/v1/sites", ""),
        ("/api/v1/sites/{site}/schema", ""),
        ("/api/v1/sites/{site}/values/{dimension}", ""),
        ("/api/v1/sites/{site}/summary", "?range=24h&f=tag:plan:set"),
        ("/api/v1/sites/{site}/summary", "?range=24h"),
        ("/api/v1/sites/{site}/series", "?range=24h"),
        ("/api/v1/sites/{site}/summary", "?range=24h&metrics=apdex"),
        ("/api/v1/sites/{site}/series", "?range=24h&metrics=apdex,lcp"),
        ("/api/v1/sites/{site}/breakdown", "?range=24h&by=page&metrics=apdex&order=apdex"),
        ("/api/v1/sites/{site}/breakdown", "?range=24h&by=page,tag:plan&limit=1"),
        ("/api/v1/sites/{site}/distribution", "?range=24h&metric=lcp"),
        ("/api/v1/sites/{site}/distribution", "?range=24h&metric=happiness"),
        ("/api/v1/sites/{site}/impact", "?range=24h"),
        ("/api/v1/sites/{site}/incidents", ""),
        ("/api/v1/sites/{site}/health", ""),
        ("/api/v1/sites/{site}/compare", "?range=24h"),
        ("/api/v1/sites/{site}/changes", "?range=24h"),
        ("/api/v1/sites/{site}/releases", "?range=24h"),
        ("/api/v1/sites/{site}/annotations", "?range=24h"),
        ("/api/v1/sites/{site}/compare", "?range=24h&by=page&vs=release:7"),
        ("/api/v1/sites/{site}/sessions", "?range=24h"),
        ("/api/v1/sites/{site}/sessions/{id}", ""),
        ("/api/v1/sites/{site}/attribution", "?range=24h&metric=lcp&by=page"),
        ("/api/v1/sites/{site}/feedback", "?range=24h"),
        ("/api/v1/sites/{site}/journeys", ""),
        ("/api/v1/sites/{site}/journeys/{id}", ""),
        ("/api/v1/sites/{site}/journeys/{id}/funnel", ""),
        ("/api/v1/sites/{site}/journeys/{id}/speed", ""),
        ("/api/v1/sites/{site}/scales", ""),
        ("/api/v1/sites/{site}/calibration", ""),
    ] {
        let address =
            path.replace("{site}", "shop").replace("{dimension}", "page").replace("{id}", "session-1") + query;
        let answer = service.get(&address).await;
        let content = &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        assert!(content.is_object(), "{path}");
        check(&document, content, &answer, &address);
    }
    let problem = service.ask("/api/v1/sites/shop/summary?metrics=lpc", &[]).await.json();
    check(&document, &document["components"]["schemas"]["ProblemBody"], &problem, "problem");
}
