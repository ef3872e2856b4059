//! The beacon's address as the interface describes it, row by row, over a real socket and into a real log.

mod support;

use felt_schema::site::Site;
use support::{Felt, NOW_MS, Options, Request, array, gzip, shop, snapshot};

#[tokio::test]
async fn a_beacon_is_in_the_log_when_204_is_answered() {
    let felt = Felt::start().await;
    let answer = felt
        .send(
            Request::beacon(snapshot(1)).header("content-type", "text/plain").header("user-agent", "Mozilla/5.0 (X11)"),
        )
        .await;
    assert_eq!((answer.status, answer.body.len()), (204, 0), "{answer:?}");
    let log = felt.log().await;
    let [view] = &log.views[..] else { panic!("one view, not {log:?}") };
    assert_eq!((view.received_at_ms, view.started_at()), (NOW_MS, NOW_MS - 1_500));
    assert_eq!((&*view.site, &*view.ua, &*view.country), ("shop", "Mozilla/5.0 (X11)", ""));
    assert_eq!(view.snapshot.view, "view00000001");
    assert_eq!(
        view.snapshot.url.as_deref(),
        Some("https://shop.example/p/1?page=2"),
        "what is not allowed was scrubbed"
    );
    assert!(log.refused.is_empty());
    felt.stop().await;
}

#[tokio::test]
async fn every_way_of_sending_that_the_interface_names_is_taken() {
    let felt = Felt::start().await;
    let requests = [
        ("text/plain", Request::beacon(snapshot(1)).header("content-type", "text/plain")),
        ("with a charset", Request::beacon(snapshot(2)).header("content-type", "text/plain;charset=UTF-8")),
        ("application/json", Request::beacon(snapshot(3)).header("content-type", "application/json")),
        ("no content type", Request::beacon(snapshot(4))),
        ("gzip", Request::beacon(gzip(snapshot(5))).header("content-encoding", "gzip")),
        ("gzip without being told", Request::beacon(gzip(snapshot(6))).header("content-type", "text/plain")),
        ("an array", Request::beacon(array(&[snapshot(7), snapshot(8)]))),
        ("a byte order mark", Request::beacon(format!("\u{feff}{}", snapshot(9)))),
        ("more parameters", Request::post("/v1/beacon?x=1&site=shop&y", snapshot(10))),
        ("64 snapshots", Request::beacon(array(&(100..164).map(snapshot).collect::<Vec<_>>()))),
    ];
    for (name, request) in requests {
        assert_eq!(felt.send(request).await.status, 204, "{name}");
    }
    assert_eq!(felt.stop().await.views.len(), 10 + 64);
}

#[tokio::test]
async fn a_bad_snapshot_in_an_array_is_refused_alone() {
    let felt = Felt::start().await;
    let mixed = array(&[snapshot(1), r#"{"view":"short"}"#.into(), "7".into(), "{}".into(), snapshot(2)]);
    assert_eq!(felt.send(Request::beacon(mixed)).await.status, 204);
    let none = array(&[r#"{"view":"short"}"#.into(), "null".into()]);
    let answer = felt.send(Request::beacon(none)).await;
    assert_eq!((answer.status, answer.problem().as_str()), (400, "no-valid-view"));
    let log = felt.stop().await;
    assert_eq!(log.views.len(), 2);
    assert_eq!(log.refused, [("invalid_view".to_owned(), 3), ("not_an_object".to_owned(), 2)].into());
    assert_eq!(log.received(), 7);
}

#[tokio::test]
async fn lone_surrogates_do_not_cost_the_beacon() {
    let felt = Felt::start().await;
    let body = r#"{"view":"view00000001","title":"broken \ud83d emoji","url":"https://shop.example/\udc00x"}"#;
    assert_eq!(felt.send(Request::beacon(body)).await.status, 204);
    let log = felt.stop().await;
    assert_eq!(log.views[0].snapshot.title.as_deref(), Some("broken \u{fffd} emoji"));
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_send_and_read_and_no_other() {
    let felt = Felt::start().await;
    let allowed = felt.send(Request::beacon(snapshot(1)).header("origin", "https://shop.example")).await;
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), "https://shop.example");
    assert_eq!(allowed.header("access-control-allow-credentials"), "true");
    assert_eq!(allowed.header("vary"), "origin");

    let refused_but_readable = felt.send(Request::beacon("nonsense").header("origin", "https://shop.example")).await;
    assert_eq!((refused_but_readable.status, refused_but_readable.problem().as_str()), (400, "bad-beacon"));
    assert_eq!(refused_but_readable.header("access-control-allow-origin"), "https://shop.example");

    for origin in ["https://evil.example", "http://shop.example", "null"] {
        let refused = felt.send(Request::beacon(snapshot(2)).header("origin", origin)).await;
        assert_eq!((refused.status, refused.problem().as_str()), (403, "origin-not-allowed"), "{origin}");
        assert_eq!(refused.header("access-control-allow-origin"), "");
    }
    let referer = felt.send(Request::beacon(snapshot(3)).header("referer", "https://evil.example/x")).await;
    assert_eq!(referer.status, 403);
    let open = Request::post("/v1/beacon?site=open", snapshot(4)).header("origin", "null");
    let open = felt.send(open).await;
    assert_eq!((open.status, open.header("access-control-allow-origin")), (204, "null"));

    let log = felt.stop().await;
    assert_eq!(log.refused["origin_not_allowed"], 4);
}

#[tokio::test]
async fn a_preflight_is_answered_for_allowed_origins() {
    let felt = Felt::start().await;
    let ask = |origin: &str, path: &str| {
        Request::get(path)
            .method("OPTIONS")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
    };
    let answer = felt.send(ask("https://shop.example", "/v1/beacon?site=shop")).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), "https://shop.example");
    assert_eq!(answer.header("access-control-allow-methods"), "POST, OPTIONS");
    assert!(answer.header("access-control-allow-headers").contains("content-type"));
    assert_eq!(answer.header("access-control-max-age"), "86400");
    assert_eq!(felt.send(ask("https://evil.example", "/v1/beacon?site=shop")).await.status, 403);
    assert_eq!(felt.send(ask("https://shop.example", "/v1/beacon?site=none")).await.status, 403);
    assert_eq!(felt.stop().await.received(), 0, "a preflight is no beacon");
}

#[tokio::test]
async fn other_methods_are_told_which_ones_work() {
    let felt = Felt::start().await;
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        let answer = felt.send(Request::beacon("").method(method)).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST, OPTIONS"), "{method}");
        assert_eq!(answer.problem(), "method-not-allowed");
    }
    felt.stop().await;
}

#[tokio::test]
async fn a_client_that_sends_more_than_its_rate_hears_429_and_when_to_return() {
    let mut ingest = Options::default().ingest;
    // One a second, three at once: forty in a row are faster.
    let sites =
        vec![Site { rate_per_second: 1, ..shop() }, Site { key: "other".into(), client_rate_per_second: 1, ..shop() }];
    ingest.rate_burst_seconds = 3.0;
    let felt = Felt::start_with(Options { ingest, sites, ..Options::default() }).await;
    // From this machine only a rate that somebody set holds; behind a proxy the client's holds too.
    let site = |site: &str, number| Request::post(&format!("/v1/beacon?site={site}"), snapshot(number));
    let mut statuses = Vec::new();
    for number in 0..40 {
        let answer = felt.send(site("shop", number)).await;
        if answer.status == 429 {
            assert_eq!(answer.problem(), "rate-limited");
            assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
        }
        statuses.push(answer.status);
    }
    assert_eq!(statuses[..3], [204, 204, 204]);
    assert!(statuses.contains(&429), "{statuses:?}");
    let mut statuses = Vec::new();
    for number in 100..140 {
        statuses.push(felt.send(site("other", number).header("x-forwarded-for", "203.0.113.7")).await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    for number in 200..240 {
        assert_eq!(felt.send(site("other", number)).await.status, 204, "a program on this machine is not limited");
    }
    let log = felt.stop().await;
    assert_eq!(log.received(), 120);
}

#[tokio::test]
async fn a_spoofed_forwarded_for_earns_no_new_rate() {
    let mut options = Options { sites: vec![Site { client_rate_per_second: 1, ..shop() }], ..Options::default() };
    options.ingest.trusted_proxies = 1;
    options.ingest.rate_burst_seconds = 1.0;
    let felt = Felt::start_with(options).await;
    let mut refused = 0;
    for number in 0..40 {
        // The client writes another address each time; the proxy appends the true one.
        let forwarded = format!("198.51.100.{number}, 203.0.113.7");
        let answer = felt.send(Request::beacon(snapshot(number)).header("x-forwarded-for", forwarded)).await;
        refused += u64::from(answer.status == 429);
    }
    assert!(refused > 0);
    let mut refused = 0;
    for number in 0..40 {
        // One IPv6 subscriber has 2^64 addresses and one rate.
        let forwarded = format!("2001:db8:7:7::{number:x}");
        refused += u64::from(
            felt.send(Request::beacon(snapshot(number)).header("x-forwarded-for", forwarded)).await.status == 429,
        );
    }
    assert!(refused > 0);
    felt.stop().await;
}

#[tokio::test]
async fn the_country_comes_from_the_address_and_the_address_stays_out_of_the_log() {
    let mut options = Options::default();
    options.ingest.trusted_proxies = 1;
    let felt = Felt::start_with(options).await;
    assert_eq!(felt.send(Request::beacon(snapshot(1)).header("x-forwarded-for", "141.30.1.1")).await.status, 204);
    let log = felt.stop().await;
    assert_eq!(log.views[0].country, "DE");
    assert!(!format!("{log:?}").contains("141.30"), "{log:?}");
}

#[tokio::test]
async fn the_script_is_served_small_and_cacheable() {
    let felt = Felt::start().await;
    let plain = felt.send(Request::get("/beacon.js")).await;
    assert_eq!((plain.status, plain.header("content-encoding")), (200, ""));
    assert_eq!(plain.body, felt_js_beacon::BEACON.bytes);
    assert_eq!(plain.header("access-control-allow-origin"), "*");
    assert_eq!(plain.header("cross-origin-resource-policy"), "cross-origin");
    assert!(plain.header("content-type").starts_with("text/javascript"));
    let br = felt.send(Request::get("/beacon.js").header("accept-encoding", "gzip, br")).await;
    assert_eq!((br.header("content-encoding"), &br.body[..]), ("br", felt_js_beacon::BEACON.brotli));
    assert_eq!(br.header("vary"), "accept-encoding");
    let known = Request::get("/beacon.js").header("accept-encoding", "br").header("if-none-match", br.header("etag"));
    assert_eq!(felt.send(known).await.status, 304);
    let hashed = felt.send(Request::get(&format!("/beacon.{}.js", felt_js_beacon::BEACON.hash))).await;
    assert!(hashed.status == 200 && hashed.header("cache-control").contains("immutable"), "{hashed:?}");
    assert!(!plain.header("cache-control").contains("immutable"));
    assert_eq!(felt.send(Request::get("/beacon.0000000000000000.js")).await.status, 404);
    let manifest = felt.send(Request::get("/beacon.json")).await;
    assert_eq!(manifest.body, felt_js_beacon::MANIFEST.as_bytes());
    for script in felt_js_beacon::SCRIPTS {
        let served = felt.send(Request::get(&format!("/{}.{}.js", script.stem, script.hash))).await;
        assert_eq!((served.status, &served.body[..]), (200, script.bytes));
    }
    felt.stop().await;
}
