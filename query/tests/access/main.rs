//! People and their sessions, tokens, the record of writes, and the headers of every answer.

#[allow(dead_code, reason = "shared with the other tests of the API")]
#[path = "../api/support.rs"]
mod support;

mod links;

use axum::body::Body;
use axum::http::{Method, Request, header};
use felt_http::{Authorize, Grant, Scope};
use felt_query::QueryConfig;
use felt_query::people::{self, NewPerson};
use felt_query::tokens::{self, NewToken, StoredTokens};
use felt_store::Store;
use serde_json::{Value, json};
use std::sync::Arc;
use support::{Answer, Service, send};

const EMAIL: &str = "ada@shop.example";
const PASSWORD: &str = "correct horse battery staple";
/// The cookie is that of plain http on this machine.
const HOST: (&str, &str) = ("host", "127.0.0.1:8091");

fn stored(store: &Store) -> Arc<dyn Authorize> {
    Arc::new(StoredTokens::new(store.clone()))
}

async fn service() -> Service {
    Service::with(stored, QueryConfig::default()).await
}

async fn add_person(service: &Service, email: &str, sites: &[&str], scopes: &[Scope]) {
    let grant = Grant { sites: sites.iter().map(|&s| s.to_owned()).collect(), scopes: scopes.to_vec() };
    let new = NewPerson { email: email.into(), name: String::new(), grant };
    people::add(&service.store, &*service.clock, new, PASSWORD).await.unwrap();
}

async fn token(service: &Service, sites: &[&str], scopes: &[Scope]) -> String {
    let sites = sites.iter().map(|&site| site.to_owned()).collect();
    let new = NewToken { name: "test".into(), sites, scopes: scopes.to_vec() };
    format!("Bearer {}", tokens::create(&service.store, &*service.clock, new).await.unwrap().token)
}

async fn call(service: &Service, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header(HOST.0, HOST.1);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    send(&service.router, request.body(body).unwrap()).await
}

async fn sign_in(service: &Service, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    call(service, "POST", "/api/v1/session", &[], Some(body)).await
}

/// The cookie of an answer, as the browser sends it back.
fn cookie(answer: &Answer) -> String {
    let set = answer.header(header::SET_COOKIE);
    assert!(set.starts_with("felt-session=felts_") && set.contains("HttpOnly; SameSite=Strict"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

async fn record(service: &Service, filter: &str) -> Vec<(String, String, String, String)> {
    let admin = token(service, &["*"], &[Scope::Admin]).await;
    let answer = call(service, "GET", &format!("/api/v1/audit?{filter}"), &[("authorization", &admin)], None).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = answer.json()["data"].as_array().unwrap().clone();
    rows.iter().map(|r| (text(r, "action"), text(r, "outcome"), text(r, "actor"), text(r, "subject"))).collect()
}

#[tokio::test]
async fn a_person_signs_in_looks_at_their_sites_and_signs_out() {
    let service = service().await;
    add_person(&service, EMAIL, &["shop"], &[Scope::ReadMetrics]).await;
    let asked = call(&service, "GET", "/api/v1/session", &[], None).await;
    assert_eq!((asked.status.as_u16(), &asked.json()["sign_in"]["password"]), (401, &json!(true)));

    let signed_in = sign_in(&service, " Ada@Shop.Example", PASSWORD).await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.text());
    assert_eq!(signed_in.header(header::CACHE_CONTROL), "no-store");
    let data = &signed_in.json()["data"];
    assert_eq!((&data["kind"], &data["name"], &data["via"]), (&json!("person"), &json!(EMAIL), &json!("password")));
    let cookie = cookie(&signed_in);
    let with = |path: &'static str| {
        let (service, cookie) = (&service, cookie.clone());
        async move { call(service, "GET", path, &[("cookie", &cookie)], None).await.status.as_u16() }
    };
    assert_eq!(with("/api/v1/session").await, 200);
    assert_eq!(with("/api/v1/sites/shop/summary").await, 200);
    assert_eq!(with("/api/v1/sites/blog/summary").await, 403);
    assert_eq!(with("/api/v1/tokens").await, 403);
    assert_eq!(with("/api/v1/audit").await, 403);
    // A batch is a POST: from one of our own pages it carries the header, and its parts the session.
    let parts = json!({"requests": [{"path": "/api/v1/sites/shop/health"}, {"path": "/api/v1/sites/blog/health"}]});
    let bare = call(&service, "POST", "/api/v1/batch", &[("cookie", &cookie)], Some(parts.clone())).await;
    assert_eq!(bare.status, 403, "another site's form could have sent this");
    let ours = [("cookie", cookie.as_str()), ("x-felt-csrf", "1"), ("sec-fetch-site", "same-origin")];
    let batch = call(&service, "POST", "/api/v1/batch", &ours, Some(parts)).await.json();
    assert_eq!((&batch["responses"][0]["status"], &batch["responses"][1]["status"]), (&json!(200), &json!(403)));
    // The session's id is good in its cookie only.
    let bearer = format!("Bearer {}", cookie.split_once('=').unwrap().1);
    let as_token = call(&service, "GET", "/api/v1/session", &[("authorization", &bearer)], None).await;
    assert_eq!(as_token.status, 401);

    let out = call(&service, "DELETE", "/api/v1/session", &ours, None).await;
    assert_eq!(out.status, 204, "{}", out.text());
    assert!(out.header(header::SET_COOKIE).contains("Max-Age=0"));
    assert_eq!(with("/api/v1/session").await, 401);
    assert_eq!(with("/api/v1/sites/shop/summary").await, 401);
    let rows = record(&service, "actor=ada@shop.example").await;
    let actions: Vec<(&str, &str)> =
        rows.iter().map(|(action, outcome, ..)| (action.as_str(), outcome.as_str())).collect();
    assert_eq!(actions, [("session.end", "accepted"), ("session.begin", "accepted")]);
}

#[tokio::test]
async fn nobody_learns_whether_an_address_is_known_and_failures_make_wait() {
    let service = service().await;
    add_person(&service, EMAIL, &["shop"], &[Scope::ReadMetrics]).await;
    let wrong = sign_in(&service, EMAIL, "not the password at all").await;
    let unknown = sign_in(&service, "nobody@shop.example", "not the password at all").await;
    assert_eq!((wrong.status.as_u16(), unknown.status.as_u16()), (401, 401));
    assert_eq!(wrong.text(), unknown.text());
    assert!(wrong.headers.get(header::SET_COOKIE).is_none());
    let mut last = wrong;
    for _ in 0..15 {
        last = sign_in(&service, EMAIL, "not the password at all").await;
        if last.status == 429 {
            break;
        }
    }
    assert_eq!(last.status, 429, "{}", last.text());
    assert!(last.header(header::RETRY_AFTER).parse::<u32>().unwrap() >= 1);
    assert_eq!(sign_in(&service, "bob@shop.example", "whatever it is now").await.status, 401, "others may still try");
    // What was typed where there is no such account may be a password: it is not kept.
    let rows = record(&service, "action=session.begin").await;
    assert!(
        rows.iter().all(|(_, outcome, _, subject)| outcome == "refused" && (subject.is_empty() || subject == EMAIL))
    );
    assert!(rows.len() >= 3 && rows.iter().any(|row| row.3.is_empty()), "{rows:?}");
}

#[tokio::test]
async fn sessions_end_unused_after_their_time_and_with_the_password() {
    let service = service().await;
    add_person(&service, EMAIL, &["shop"], &[Scope::ReadMetrics]).await;
    let status = async |cookie: &str| {
        let asked = call(&service, "GET", "/api/v1/sites/shop/health", &[("cookie", cookie)], None).await;
        asked.status.as_u16()
    };
    let (first, second) = (sign_in(&service, EMAIL, PASSWORD).await, sign_in(&service, EMAIL, PASSWORD).await);
    let (first, second) = (cookie(&first), cookie(&second));
    assert_ne!(first, second);
    assert_eq!((status(&first).await, status(&second).await), (200, 200));
    // A new password ends both; this browser gets another session.
    service.clock.advance(1_000);
    let body = json!({"current": PASSWORD, "password": "another long password"});
    let ours = [("cookie", first.as_str()), ("x-felt-csrf", "1")];
    let wrong = json!({"current": "not that one here", "password": "another long password"});
    assert_eq!(call(&service, "PUT", "/api/v1/session/password", &ours, Some(wrong)).await.status, 401);
    let short = json!({"current": PASSWORD, "password": "short"});
    assert_eq!(call(&service, "PUT", "/api/v1/session/password", &ours, Some(short)).await.status, 400);
    let changed = call(&service, "PUT", "/api/v1/session/password", &ours, Some(body)).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let third = cookie(&changed);
    assert_eq!((status(&first).await, status(&second).await, status(&third).await), (401, 401, 200));
    assert_eq!(sign_in(&service, EMAIL, PASSWORD).await.status, 401);
    // Unused, and over.
    service.clock.advance(11 * 60 * 60 * 1000);
    assert_eq!(status(&third).await, 200);
    service.clock.advance(13 * 60 * 60 * 1000);
    assert_eq!(status(&third).await, 401, "unused for longer than half a day");
    let fourth = cookie(&sign_in(&service, EMAIL, "another long password").await);
    for _ in 0..17 {
        service.clock.advance(10 * 60 * 60 * 1000);
        let _ = status(&fourth).await;
    }
    assert_eq!(status(&fourth).await, 401, "a week is over, however much it was used");
}

#[tokio::test]
async fn signing_in_again_ends_the_session_that_the_browser_had() {
    let service = service().await;
    add_person(&service, EMAIL, &["shop"], &[Scope::ReadMetrics]).await;
    let old = cookie(&sign_in(&service, EMAIL, PASSWORD).await);
    let body = json!({"email": EMAIL, "password": PASSWORD});
    let ours = [("cookie", old.as_str()), ("x-felt-csrf", "1")];
    let new = cookie(&call(&service, "POST", "/api/v1/session", &ours, Some(body)).await);
    let status = async |cookie: &str| {
        call(&service, "GET", "/api/v1/session", &[("cookie", cookie)], None).await.status.as_u16()
    };
    assert_eq!((status(&old).await, status(&new).await), (401, 200));
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_this_host_and_plain_http_from_elsewhere_is_refused() {
    let config = QueryConfig { public_url: Some("https://felt.example".into()), ..QueryConfig::default() };
    let service = Service::with(stored, config).await;
    add_person(&service, EMAIL, &["shop"], &[Scope::ReadMetrics]).await;
    let answer = sign_in(&service, EMAIL, PASSWORD).await;
    let set = answer.header(header::SET_COOKIE);
    assert!(
        set.starts_with("__Host-felt-session=felts_") && set.contains("Path=/;") && set.ends_with("; Secure"),
        "{set}"
    );
    assert!(!set.contains("Domain"));
    assert!(answer.header(header::STRICT_TRANSPORT_SECURITY).starts_with("max-age="));

    let plain = self::service().await;
    add_person(&plain, EMAIL, &["shop"], &[Scope::ReadMetrics]).await;
    let request = Request::post("/api/v1/session")
        .header("host", "felt.example")
        .header("content-type", "application/json")
        .body(Body::from(json!({"email": EMAIL, "password": PASSWORD}).to_string()));
    let refused = send(&plain.router, request.unwrap()).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["type"]), (403, &json!("urn:felt:problem:https-needed")));
}

#[tokio::test]
async fn tokens_are_made_once_listed_without_themselves_and_revoked_at_once() {
    let service = service().await;
    let admin = token(&service, &["shop"], &[Scope::Admin]).await;
    let everywhere = token(&service, &["*"], &[Scope::Admin]).await;
    let auth = [("authorization", admin.as_str())];
    let body = json!({"name": "ci", "sites": ["shop"], "scopes": ["read:metrics"]});
    let made = call(&service, "POST", "/api/v1/tokens", &auth, Some(body)).await;
    assert_eq!((made.status.as_u16(), made.header(header::CACHE_CONTROL)), (201, "no-store"));
    let (id, new) = (made.json()["data"]["id"].clone(), made.json()["data"]["token"].clone());
    let (id, new) = (id.as_str().unwrap().to_owned(), format!("Bearer {}", new.as_str().unwrap()));
    let read = |bearer: String| {
        let service = &service;
        async move { service.ask("/api/v1/sites/shop/health", &[("authorization", &bearer)]).await.status.as_u16() }
    };
    assert_eq!(read(new.clone()).await, 200);
    let listed = call(&service, "GET", "/api/v1/tokens", &auth, None).await;
    assert!(!listed.text().contains(new.trim_start_matches("Bearer ")));
    // An admin of one site sees and gives nothing beyond it.
    assert_eq!(listed.json()["data"].as_array().unwrap().len(), 2);
    let all = call(&service, "GET", "/api/v1/tokens", &[("authorization", &everywhere)], None).await;
    assert_eq!(all.json()["data"].as_array().unwrap().len(), 3);
    for sites in [json!(["blog"]), json!(["*"]), json!(["shop", "blog"])] {
        let body = json!({"sites": sites, "scopes": ["read:metrics"]});
        assert_eq!(call(&service, "POST", "/api/v1/tokens", &auth, Some(body)).await.status, 403, "{sites}");
    }
    for body in
        [json!({"sites": ["nowhere"], "scopes": ["admin"]}), json!({"sites": [], "scopes": ["admin"]}), json!({})]
    {
        assert_eq!(call(&service, "POST", "/api/v1/tokens", &auth, Some(body)).await.status, 400);
    }
    let misspelt = json!({"sites": ["shop"], "scopes": ["read:metric"]});
    let misspelt = call(&service, "POST", "/api/v1/tokens", &auth, Some(misspelt)).await;
    assert_eq!((misspelt.status.as_u16(), &misspelt.json()["did_you_mean"]), (400, &json!("read:metrics")));

    let gone = call(&service, "DELETE", &format!("/api/v1/tokens/{id}"), &auth, None).await;
    assert_eq!(gone.status, 204, "{}", gone.text());
    assert_eq!(read(new).await, 401, "at once where it was revoked");
    assert_eq!(call(&service, "DELETE", &format!("/api/v1/tokens/{id}"), &auth, None).await.status, 404);
    let rows = record(&service, "site=shop&action=token.*").await;
    let actions: Vec<(&str, &str)> = rows.iter().map(|row| (row.0.as_str(), row.3.as_str())).collect();
    assert_eq!(actions, [("token.revoke", id.as_str()), ("token.create", id.as_str())]);
}

#[tokio::test]
async fn admins_look_after_the_people_of_their_sites() {
    let service = service().await;
    add_person(&service, EMAIL, &["shop"], &[Scope::Admin]).await;
    add_person(&service, "eve@blog.example", &["blog"], &[Scope::Admin]).await;
    let session = cookie(&sign_in(&service, EMAIL, PASSWORD).await);
    let ours = [("cookie", session.as_str()), ("x-felt-csrf", "1")];
    let new = json!({"email": "Bob@shop.example", "name": "Bob", "password": "a first password", "sites": ["shop"]});
    let made = call(&service, "POST", "/api/v1/people", &ours, Some(new.clone())).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.json()["data"]["scopes"], json!(["read:metrics", "read:sessions"]));
    assert!(!made.text().contains("argon2"));
    assert_eq!(call(&service, "POST", "/api/v1/people", &ours, Some(new)).await.status, 409);
    let wide = json!({"email": "c@shop.example", "password": "a first password", "sites": ["*"]});
    assert_eq!(call(&service, "POST", "/api/v1/people", &ours, Some(wide)).await.status, 403);
    let listed = call(&service, "GET", "/api/v1/people", &ours, None).await;
    assert_eq!(listed.json()["data"].as_array().unwrap().len(), 2, "not the other site's");

    let bob = cookie(&sign_in(&service, "bob@shop.example", "a first password").await);
    let status = async |cookie: &str| {
        call(&service, "GET", "/api/v1/session", &[("cookie", cookie)], None).await.status.as_u16()
    };
    assert_eq!(status(&bob).await, 200);
    let body = json!({"password": "a second password"});
    service.clock.advance(1_000);
    let set = call(&service, "PUT", "/api/v1/people/bob@shop.example/password", &ours, Some(body.clone())).await;
    assert_eq!((set.status.as_u16(), status(&bob).await), (204, 401));
    let bob = cookie(&sign_in(&service, "bob@shop.example", "a second password").await);
    let removed = call(&service, "DELETE", "/api/v1/people/bob@shop.example", &ours, None).await;
    assert_eq!((removed.status.as_u16(), status(&bob).await), (204, 401));
    assert_eq!(sign_in(&service, "bob@shop.example", "a second password").await.status, 401);
    for (method, path, body) in [
        ("DELETE", "/api/v1/people/eve@blog.example", None),
        ("PUT", "/api/v1/people/eve@blog.example/password", Some(body)),
    ] {
        assert_eq!(call(&service, method, path, &ours, body).await.status, 404, "{method} of another site's person");
    }
    // Nothing in the store gives a password away, and a removed account's hash is gone.
    let rows = service.store.query_json("SELECT * FROM people FINAL", &[], Default::default()).await.unwrap();
    let text = format!("{rows:?}");
    assert!(!text.contains("second password") && text.contains("$argon2id$v=19$m=19456,t=2,p=1$"));
    let bobs: Vec<_> = rows.iter().filter(|row| format!("{row:?}").contains("bob@")).collect();
    assert!(bobs.len() == 2 && bobs.iter().all(|row| !format!("{row:?}").contains("argon2id")), "{bobs:?}");
}

#[tokio::test]
async fn a_write_that_cannot_be_recorded_is_not_done() {
    let service = service().await;
    add_person(&service, EMAIL, &["*"], &[Scope::Admin]).await;
    let admin = token(&service, &["*"], &[Scope::Admin]).await;
    service.store.execute("RENAME TABLE audit TO audit_away").await.unwrap();
    let auth = [("authorization", admin.as_str())];
    let body = json!({"name": "x", "sites": ["shop"], "scopes": ["read:metrics"]});
    let made = call(&service, "POST", "/api/v1/tokens", &auth, Some(body.clone())).await;
    assert!(made.status.is_server_error(), "{}", made.text());
    assert!(made.json()["detail"].as_str().unwrap().contains("not done"), "{}", made.text());
    assert!(sign_in(&service, EMAIL, PASSWORD).await.status.is_server_error());
    let new = json!({"email": "b@c", "password": "a first password", "sites": ["shop"]});
    assert!(call(&service, "POST", "/api/v1/people", &auth, Some(new)).await.status.is_server_error());
    assert_eq!(tokens::list(&service.store).await.unwrap().len(), 1);
    assert_eq!(people::list(&service.store).await.unwrap().len(), 1);
    service.store.execute("RENAME TABLE audit_away TO audit").await.unwrap();
    assert_eq!(call(&service, "POST", "/api/v1/tokens", &auth, Some(body)).await.status, 201);
}

#[tokio::test]
async fn the_record_is_filtered_paged_and_written_as_csv() {
    let service = service().await;
    let admin = token(&service, &["*"], &[Scope::Admin]).await;
    let shop = token(&service, &["shop"], &[Scope::Admin]).await;
    let auth = [("authorization", admin.as_str())];
    for n in 0..5 {
        service.clock.advance(1_000);
        let site = if n == 4 { "blog" } else { "shop" };
        let body = json!({"name": format!("=cmd{n}"), "sites": [site], "scopes": ["read:metrics"]});
        assert_eq!(call(&service, "POST", "/api/v1/tokens", &auth, Some(body)).await.status, 201);
    }
    let page = |query: String| {
        let (service, admin) = (&service, admin.clone());
        async move { call(service, "GET", &format!("/api/v1/audit?{query}"), &[("authorization", &admin)], None).await }
    };
    let (mut seen, mut query) = (Vec::new(), "limit=2&action=token.create".to_owned());
    loop {
        let answer = page(query).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let rows = answer.json()["data"].as_array().unwrap().clone();
        seen.extend(rows.iter().map(|row| row["subject"].as_str().unwrap().to_owned()));
        match answer.json()["meta"]["next"].as_str() {
            Some(next) => query = next.to_owned(),
            None => break,
        }
        assert!(answer.header(header::LINK).contains("rel=\"next\""));
    }
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (5, 5));
    let of_shop = call(&service, "GET", "/api/v1/audit", &[("authorization", &shop)], None).await;
    assert_eq!(of_shop.json()["data"].as_array().unwrap().len(), 4, "an admin of one site sees that site's");
    let csv = call(&service, "GET", "/api/v1/audit", &[("authorization", &admin), ("accept", "text/csv")], None).await;
    assert!(csv.text().starts_with("at,actor_kind,actor,action,site,"), "{}", csv.text());
    let wrong = page("outcom=refused".into()).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["did_you_mean"]), (400, &json!("outcome")));
    for wrong in ["outcome=maybe", "limit=0", "limit=5000", "from=yesterday", "cursor=x"] {
        assert_eq!(page(wrong.into()).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn an_open_service_takes_no_orders_from_other_sites_pages() {
    let open = |store: &Store| Arc::new(StoredTokens::on_loopback(store.clone(), false)) as Arc<dyn Authorize>;
    let service = Service::with(open, QueryConfig::default()).await;
    let ask = async |headers: &[(&str, &str)]| {
        call(&service, "GET", "/api/v1/sites/shop/health", headers, None).await.status.as_u16()
    };
    assert_eq!(ask(&[]).await, 200, "on a loopback address no token is needed");
    let stale = ("cookie", "felt-session=felts_old");
    assert_eq!(ask(&[stale]).await, 200, "an old cookie locks nobody out");
    // A token that is sent counts for what it is good for.
    let shop = token(&service, &["shop"], &[Scope::ReadMetrics]).await;
    assert_eq!(ask(&[("authorization", &shop)]).await, 200);
    let blog = token(&service, &["blog"], &[Scope::ReadMetrics]).await;
    assert_eq!(ask(&[("authorization", &blog)]).await, 403);
    assert_eq!(ask(&[("authorization", "Bearer felt_unknown")]).await, 401);
    let body = json!({"name": "x", "sites": ["shop"], "scopes": ["read:metrics"]});
    for (headers, status) in [
        (vec![("sec-fetch-site", "cross-site")], 403),
        (vec![("origin", "https://evil.example")], 403),
        (vec![("sec-fetch-site", "same-origin")], 201),
        (vec![("origin", "http://127.0.0.1:8091")], 201),
        (vec![], 201),
    ] {
        assert_eq!(call(&service, "POST", "/api/v1/tokens", &headers, Some(body.clone())).await.status, status);
    }
    // Tokens alone keep it open; once somebody can sign in, everybody has to.
    assert_eq!(ask(&[]).await, 200);
    let person = json!({"email": EMAIL, "password": PASSWORD, "sites": ["*"], "scopes": ["admin"]});
    assert_eq!(call(&service, "POST", "/api/v1/people", &[], Some(person)).await.status, 201);
    assert_eq!(ask(&[]).await, 401);
}

/// What an operation's path is with values in the place of its parameters.
fn address(path: &str) -> String {
    let values = [("{site}", "shop"), ("{dimension}", "page"), ("{email}", EMAIL)];
    let path = values.iter().fold(path.to_owned(), |path, (name, value)| path.replace(name, value));
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.iter_mut().filter(|part| part.starts_with('{')).for_each(|part| *part = "some-id");
    parts.join("/")
}

/// Operations that answer whoever asks: none of them holds anybody's data.
const PUBLIC: [(&str, &str); 4] = [
    ("get", "/api/v1/openapi.json"),
    ("post", "/api/v1/session"),
    ("get", "/api/v1/session/oidc"),
    ("get", "/api/v1/session/oidc/callback"),
];

/// Every operation of the document is asked without a credential, with another site's, and with too small a scope.
/// It goes through the document, so that a call that is added later is held to the same.
#[tokio::test]
async fn every_documented_call_is_closed_to_those_who_may_not() {
    let service = service().await;
    add_person(&service, EMAIL, &["shop"], &[Scope::ReadMetrics]).await;
    let of_blog = token(&service, &["blog"], &Scope::ALL).await;
    let document = service.get("/api/v1/openapi.json").await;
    let mut asked = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let public = PUBLIC.contains(&(method.as_str(), path.as_str()));
            let needs: Vec<String> = operation["security"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|way| way.as_object())
                .flat_map(|way| way.values())
                .filter_map(|scopes| scopes.as_array())
                .flatten()
                .filter_map(|scope| scope.as_str().map(str::to_owned))
                .collect();
            let secured = operation["security"].as_array().is_some_and(|ways| ways.iter().any(|way| way != &json!({})));
            assert_eq!(secured, !public, "{method} {path}: say `security` in its description, or list it as public");
            if public || path == "/api/v1/batch" {
                continue; // the parts of a batch are held to this by their own calls
            }
            asked += 1;
            let http = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let body = (http != Method::GET).then(|| json!({}));
            let ask = async |headers: &[(&str, &str)]| {
                let answer = call(&service, http.as_str(), &address(path), headers, body.clone()).await;
                assert_eq!(answer.json()["data"], Value::Null, "{method} {path} gave data: {}", answer.text());
                assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{method} {path}");
                assert!(answer.header(header::CONTENT_SECURITY_POLICY).contains("frame-ancestors 'none'"));
                answer.status.as_u16()
            };
            assert_eq!(ask(&[]).await, 401, "{method} {path} without a credential");
            assert_eq!(ask(&[("authorization", "Bearer felt_wrong")]).await, 401, "{method} {path}");
            assert_eq!(
                ask(&[("cookie", "felt-session=felts_wrong"), ("x-felt-csrf", "1")]).await,
                401,
                "{method} {path}"
            );
            if path.contains("{site}") {
                let status = ask(&[("authorization", &of_blog)]).await;
                assert!(matches!(status, 403 | 404), "{method} {path} with another site's token: {status}");
            }
            if let Some(scope) = needs.first() {
                let others: Vec<Scope> =
                    Scope::ALL.into_iter().filter(|other| *other != Scope::Admin && other.name() != scope).collect();
                if path == "/api/v1/sites" {
                    continue; // a list of what one may see, which may be nothing
                }
                let small = token(&service, &["*"], &others).await;
                assert_eq!(ask(&[("authorization", &small)]).await, 403, "{method} {path} with everything but {scope}");
            }
        }
    }
    assert!(asked >= 20, "only {asked} operations were asked: the walk is broken");
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_browsers_heed() {
    let service = service().await;
    for path in
        ["/", "/sites/shop/pages", "/app.js", "/api/v1/openapi.json", "/api/v1/sites", "/api/v1/nothing", "/no.txt"]
    {
        let answer = service.ask(path, &[]).await;
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        for part in [
            "default-src 'self'",
            "script-src 'self'",
            "object-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers.get(name).map(|v| v.to_str().unwrap()), Some(value), "{path} {name}");
        }
        assert!(answer.headers.contains_key("permissions-policy"));
        assert!(!answer.headers.contains_key("strict-transport-security"), "nobody said that there is https");
    }
}
