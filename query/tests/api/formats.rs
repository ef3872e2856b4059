//! CSV, NDJSON, ETag, batch, problems.

use super::support::{Answer, HOUR_MS, Service, send};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use felt_schema::rows::PageViewRow;
use serde_json::{Value, json};

#[tokio::test]
async fn rows_come_as_csv_and_as_lines_and_no_cell_is_a_formula() {
    let service = Service::start().await;
    let page = |page: &str| PageViewRow { page: page.into(), lcp: 1_000_000, ..service.view(HOUR_MS) };
    service.write(&[page("=1+1"), page("a,\"b\""), page("@x"), page("/ok")]).await;
    let path = "/api/v1/sites/shop/breakdown?range=24h&by=page&metrics=lcp&stats=count,good&order=page";
    let csv = service.ask(path, &[("accept", "text/csv")]).await;
    assert!(csv.header(header::CONTENT_TYPE).starts_with("text/csv"));
    assert_eq!(
        csv.text(),
        "page,views,share,metric,unit,count,good,rating,limits\r\n\
         /ok,1,0.25,lcp,ms,1,1,good,2500;4000\r\n\
         '=1+1,1,0.25,lcp,ms,1,1,good,2500;4000\r\n\
         '@x,1,0.25,lcp,ms,1,1,good,2500;4000\r\n\
         \"a,\"\"b\"\"\",1,0.25,lcp,ms,1,1,good,2500;4000\r\n"
    );
    let lines = service.ask(path, &[("accept", "application/x-ndjson")]).await;
    let rows: Vec<Value> = lines.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((rows.len(), &rows[1]["page"]), (4, &json!("=1+1")));
    let sites = service.ask("/api/v1/sites", &[("accept", "text/csv")]).await;
    assert_eq!(sites.text(), "key,name\r\nblog,blog\r\nshop,The Shop\r\n");
    let health = service.ask("/api/v1/sites/shop/health", &[("accept", "text/csv")]).await;
    assert_eq!(health.text().lines().count(), 2);
}

#[tokio::test]
async fn an_answer_that_is_known_already_is_not_sent_again_until_something_new_arrives() {
    let service = Service::start().await;
    service.write(&[service.view(HOUR_MS)]).await;
    let path = "/api/v1/sites/shop/summary?range=24h";
    let first = service.ask(path, &[]).await;
    let tag = first.header(header::ETAG).to_owned();
    assert!(tag.starts_with("W/\""));
    for known in [tag.clone(), format!("\"other\", {tag}"), tag.trim_start_matches("W/").to_owned(), "*".to_owned()] {
        let again = service.ask(path, &[("if-none-match", &known)]).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{known}");
        assert_eq!(again.header(header::ETAG), tag);
    }
    let csv = service.ask(path, &[("if-none-match", &tag), ("accept", "text/csv")]).await;
    assert_eq!(csv.status, StatusCode::OK);
    let other = service.ask("/api/v1/sites/shop/summary?range=24h&who=all", &[("if-none-match", &tag)]).await;
    assert_eq!(other.status, StatusCode::OK);
}

#[tokio::test]
async fn new_data_is_seen_though_the_old_answer_is_kept() {
    let config = felt_query::QueryConfig { watermark_ms: 0, ..Default::default() };
    let service = Service::with(|_| std::sync::Arc::new(felt_http::OpenAccess), config).await;
    service.write(&[service.view(HOUR_MS)]).await;
    let path = "/api/v1/sites/shop/summary?range=24h&metrics=happiness";
    let first = service.ask(path, &[]).await;
    service.write(&[service.view(2 * HOUR_MS)]).await;
    let tag = first.header(header::ETAG).to_owned();
    let second = service.ask(path, &[("if-none-match", &tag)]).await;
    assert_eq!((second.status, &second.json()["meta"]["views"]), (StatusCode::OK, &json!(2)));
}

async fn batch(service: &Service, body: &str) -> Answer {
    let request = Request::post("/api/v1/batch").body(Body::from(body.to_owned())).unwrap();
    send(&service.router, request).await
}

#[tokio::test]
async fn a_batch_answers_each_part_as_it_would_alone() {
    let service = Service::start().await;
    service.write(&[service.view(HOUR_MS)]).await;
    let body = json!({"requests": [
        {"path": "/api/v1/sites/shop/summary?range=24h&metrics=happiness"},
        "/api/v1/sites/nowhere/summary",
        {"path": "/api/v1/sites/shop/series?step=1y"},
        {"path": "/api/v1/sites/shop/health"},
        {"path": "/api/v1/batch"},
        {"path": "/api/v1/sites/shop/summary?f= {"},
        {"path": "/api/v1/sites"},
        {"path": "/api/v1/sites/shop/sumary"},
        {"path": "/api/v1/sites/shop/slos/none/nothing"},
    ]});
    let answer = batch(&service, &body.to_string()).await.json();
    let statuses: Vec<&Value> = answer["responses"].as_array().unwrap().iter().map(|part| &part["status"]).collect();
    assert_eq!(statuses, [200, 404, 400, 200, 400, 400, 200, 404, 404]);
    assert_eq!(answer["responses"][7]["body"]["did_you_mean"], "summary");
    assert_eq!(answer["responses"][0]["body"]["meta"]["views"], 1);
    assert_eq!(answer["responses"][2]["body"]["errors"][0]["parameter"], "step");
    let list = batch(&service, "[\"/api/v1/sites/shop/health\"]").await.json();
    assert_eq!(list["responses"][0]["status"], 200);
    let many = json!(vec!["/api/v1/sites"; 21]).to_string();
    for (body, status) in [(many.as_str(), 400), ("{", 400), ("{\"requests\": 3}", 400), ("[]", 200)] {
        assert_eq!(batch(&service, body).await.status.as_u16(), status, "{body}");
    }
    let large = format!("[\"{}\"]", "x".repeat(70_000));
    assert_eq!(batch(&service, &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_is_not_understood_is_a_problem_with_a_way_out() {
    let service = Service::start().await;
    for (path, status, suggestion) in [
        ("/api/v1/sites/shop/summary?metrics=lpc", 400, json!("lcp")),
        ("/api/v1/sites/shop/summary?metric=lcp", 400, json!("metrics")),
        ("/api/v1/sites/shop/breakdown?by=pages", 400, json!("page")),
        ("/api/v1/sites/shop/summary?range=7days", 400, json!("7d")),
        ("/api/v1/sites/shop/series?range=7d&step=1m", 400, json!("1h")),
        ("/api/v1/sites/shop/sumary", 404, json!("summary")),
        ("/api/v1/sites/shpo/summary", 404, json!("shop")),
        ("/api/v1/sites/shop/compar?vs=prev", 404, json!("compare")),
        ("/api/v2/sites", 404, Value::Null),
        ("/api/v1/sites/shop/summary/x", 404, Value::Null),
    ] {
        let answer = service.ask(path, &[]).await;
        let problem = answer.json();
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json", "{path}");
        assert_eq!(problem["status"], status, "{path}");
        assert_eq!(problem.get("did_you_mean").unwrap_or(&Value::Null), &suggestion, "{path}: {problem}");
    }
    let wrong = Request::post("/api/v1/sites/shop/summary").body(Body::empty()).unwrap();
    let answer = send(&service.router, wrong).await;
    assert_eq!((answer.status.as_u16(), answer.header(header::ALLOW)), (405, "GET, HEAD"));
}

#[tokio::test]
async fn the_dashboard_is_whatever_is_not_the_api() {
    let service = Service::start().await;
    for path in ["/", "/pages?range=7d&f=page:is:/x", "/sites/shop/happiness"] {
        let answer = service.ask(path, &[("accept-encoding", "br")]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header(header::CONTENT_ENCODING), "br");
        assert!(answer.header(header::CONTENT_TYPE).starts_with("text/html"));
        assert!(answer.header(header::CONTENT_SECURITY_POLICY).contains("script-src 'self'"));
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        let again = service.ask(path, &[("if-none-match", answer.header(header::ETAG))]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    }
    let page = service.ask("/", &[]).await.text();
    let scripts: Vec<&str> = page.split('"').filter(|part| part.ends_with(".js")).collect();
    assert!(scripts.contains(&"/app.js") && scripts.len() > 1, "{page}");
    let mut bytes = 0;
    for script in scripts {
        let script = service.ask(script, &[]).await;
        assert!(script.header(header::CONTENT_TYPE).starts_with("text/javascript"));
        bytes += script.body.len();
    }
    assert!(bytes > 1_000);
    assert_eq!(service.ask("/no-such-file.js", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(service.ask("/../Cargo.toml", &[]).await.status, StatusCode::NOT_FOUND);
}
