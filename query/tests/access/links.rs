//! Share links: what they show, what they do not, and how they end.

use super::{EMAIL, PASSWORD, add_person, call, cookie, record, service, sign_in, token};
use crate::support::Service;
use felt_http::Scope;
use serde_json::{Value, json};

/// Makes a link to `shop` by `headers` and gives its id, and itself as a credential.
async fn link(service: &Service, headers: &[(&str, &str)], body: Value) -> (String, String) {
    let made = call(service, "POST", "/api/v1/sites/shop/links", headers, Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let data = made.json()["data"].clone();
    let secret = data["fragment"].as_str().unwrap().strip_prefix("#share=").unwrap().to_owned();
    (data["id"].as_str().unwrap().to_owned(), format!("Bearer {secret}"))
}

#[tokio::test]
async fn a_share_link_shows_the_figures_of_one_site_and_nothing_else() {
    let service = service().await;
    add_person(&service, EMAIL, &["shop", "blog"], &[Scope::ReadMetrics, Scope::ReadSessions]).await;
    let session = cookie(&sign_in(&service, EMAIL, PASSWORD).await);
    let ada = [("cookie", session.as_str()), ("x-felt-csrf", "1")];
    let (id, bearer) = link(&service, &ada, json!({"name": "for the board", "days": 7})).await;
    let ask = async |method: &str, path: &str| {
        let body = (method != "GET").then(|| json!({"name": "x"}));
        call(&service, method, path, &[("authorization", &bearer)], body).await.status.as_u16()
    };
    for path in
        ["summary", "series", "breakdown?by=page", "journeys", "slos", "releases", "incidents", "health", "schema"]
    {
        assert_eq!(ask("GET", &format!("/api/v1/sites/shop/{path}")).await, 200, "{path}");
        assert_eq!(ask("GET", &format!("/api/v1/sites/blog/{path}")).await, 403, "{path} of another site");
    }
    for path in ["sessions", "sessions/some-id", "feedback", "alert-routes", "links", "erasures"] {
        assert_eq!(ask("GET", &format!("/api/v1/sites/shop/{path}")).await, 403, "{path}");
    }
    for path in ["/api/v1/tokens", "/api/v1/people", "/api/v1/audit"] {
        assert_eq!(ask("GET", path).await, 403, "{path}");
    }
    for (method, call) in [
        ("POST", "links"),
        ("DELETE", &*format!("links/{id}")),
        ("PUT", "slos/x"),
        ("POST", "annotations"),
        ("POST", "incidents"),
    ] {
        assert_eq!(ask(method, &format!("/api/v1/sites/shop/{call}")).await, 403, "{method} {call}");
    }
    let sites = call(&service, "GET", "/api/v1/sites", &[("authorization", &bearer)], None).await.json();
    assert_eq!(sites["data"].as_array().unwrap().len(), 1, "{sites}");
    assert_eq!((&sites["data"][0]["key"], &sites["meta"]["who"]["kind"]), (&json!("shop"), &json!("link")));
    // Through a batch it is worth no more.
    let parts = json!({"requests": [{"path": "/api/v1/sites/shop/health"}, {"path": "/api/v1/sites/blog/health"}, {"path": "/api/v1/sites/shop/sessions"}]});
    let batch = call(&service, "POST", "/api/v1/batch", &[("authorization", &bearer)], Some(parts)).await.json();
    let statuses: Vec<&Value> = batch["responses"].as_array().unwrap().iter().map(|part| &part["status"]).collect();
    assert_eq!(statuses, [&json!(200), &json!(403), &json!(403)]);
    // Its secret is in no list, and not in the store either.
    let listed = call(&service, "GET", "/api/v1/sites/shop/links", &ada, None).await.text();
    let kept =
        service.store.query_json("SELECT body FROM documents WHERE kind = 'link'", &[], Default::default()).await;
    let secret = bearer.trim_start_matches("Bearer ");
    assert!(listed.contains("for the board") && !listed.contains(secret), "{listed}");
    assert!(!format!("{kept:?}").contains(secret) && format!("{kept:?}").contains("hash"), "{kept:?}");
    let told = record(&service, "action=link.*").await;
    assert_eq!(told, [("link.create".into(), "accepted".into(), EMAIL.into(), id)]);
}

#[tokio::test]
async fn a_share_link_ends_by_itself_and_when_it_is_taken_back() {
    let service = service().await;
    for (email, scope) in
        [(EMAIL, Scope::ReadMetrics), ("bob@shop.example", Scope::ReadMetrics), ("eve@shop.example", Scope::Admin)]
    {
        add_person(&service, email, &["shop"], &[scope]).await;
    }
    let mut sessions = Vec::new();
    for email in [EMAIL, "bob@shop.example", "eve@shop.example"] {
        sessions.push(cookie(&sign_in(&service, email, PASSWORD).await));
    }
    let who = |index: usize| [("cookie", sessions[index].as_str()), ("x-felt-csrf", "1")];
    let looks = async |bearer: &str| {
        call(&service, "GET", "/api/v1/sites/shop/summary", &[("authorization", bearer)], None).await.status.as_u16()
    };
    let (first, of_first) = link(&service, &who(0), json!({"name": "first"})).await;
    let (second, of_second) = link(&service, &who(0), json!({"name": "second"})).await;
    assert_eq!((looks(&of_first).await, looks(&of_second).await), (200, 200));
    // Whoever made it takes it back, or an admin; nobody else.
    let revoke = async |index: usize, id: &str| {
        call(&service, "DELETE", &format!("/api/v1/sites/shop/links/{id}"), &who(index), None).await.status.as_u16()
    };
    assert_eq!(revoke(1, &first).await, 403);
    assert_eq!((revoke(0, &first).await, revoke(2, &second).await, revoke(0, &first).await), (204, 204, 404));
    assert_eq!((looks(&of_first).await, looks(&of_second).await), (401, 401));

    let (_, brief) = link(&service, &who(0), json!({"name": "brief", "days": 1})).await;
    assert_eq!(looks(&brief).await, 200);
    service.clock.advance(24 * 3_600_000);
    assert_eq!(looks(&brief).await, 401, "it has ended");
    for body in [
        json!({"name": ""}),
        json!({"name": "x", "days": 0}),
        json!({"name": "x", "days": 366}),
        json!({"name": "x", "site": "blog"}),
    ] {
        let admin = token(&service, &["shop"], &[Scope::Admin]).await;
        let answer = call(&service, "POST", "/api/v1/sites/shop/links", &[("authorization", &admin)], Some(body)).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
    }
    // A program's link would outlive its token.
    let program = token(&service, &["shop"], &[Scope::ReadMetrics, Scope::WriteSlos]).await;
    let refused =
        call(&service, "POST", "/api/v1/sites/shop/links", &[("authorization", &program)], Some(json!({"name": "x"})))
            .await;
    assert_eq!(refused.status, 403);
}
