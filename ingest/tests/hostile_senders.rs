//! Who may send for which site, and whose address counts, as tables. A site's key identifies and authorises nothing: the check of origins
//! keeps other people's pages out, not whoever writes requests by hand.

mod support;

use felt_schema::site::Site;
use support::{Felt, Options, Request, shop, snapshot};

fn sites() -> Vec<Site> {
    let multi = vec!["https://*.multi.example".to_owned(), "http://localhost:3000".to_owned()];
    vec![
        shop(),
        Site { key: "multi".into(), origins: multi, ..Site::default() },
        Site { key: "open".into(), origins: vec!["*".into()], ..Site::default() },
    ]
}

/// `Origin`, `Referer`, and the answers for the sites `shop`, `multi` and `open`.
type Row = (Option<&'static str>, Option<&'static str>, [u16; 3]);

const ORIGINS: [Row; 30] = [
    (None, None, [204, 204, 204]),
    (Some("https://shop.example"), None, [204, 403, 204]),
    (Some("https://SHOP.EXAMPLE"), None, [204, 403, 204]),
    (Some("https://shop.example:443"), None, [204, 403, 204]),
    (Some("https://shop.example:8443"), None, [403, 403, 204]),
    (Some("http://shop.example"), None, [403, 403, 204]),
    (Some("https://a.multi.example"), None, [403, 204, 204]),
    (Some("https://a.b.multi.example"), None, [403, 204, 204]),
    (Some("https://multi.example"), None, [403, 403, 204]),
    (Some("https://evilmulti.example"), None, [403, 403, 204]),
    (Some("https://.multi.example"), None, [403, 403, 204]),
    (Some("http://localhost:3000"), None, [403, 204, 204]),
    (Some("http://localhost:3001"), None, [403, 403, 204]),
    (Some("https://localhost:3000"), None, [403, 403, 204]),
    (Some("null"), None, [403, 403, 204]),
    (Some(""), None, [403, 403, 204]),
    (Some("*"), None, [403, 403, 204]),
    (Some("file://"), None, [403, 403, 204]),
    (Some("https://shop.example.evil.test"), None, [403, 403, 204]),
    (Some("https://shop.example@evil.test"), None, [403, 403, 204]),
    (Some("https://user@shop.example"), None, [403, 403, 204]),
    (Some("https://shop.example/path"), None, [403, 403, 204]),
    (Some("https://shop.example, https://evil.test"), None, [403, 403, 204]),
    // Without an origin the referer says where it comes from.
    (None, Some("https://shop.example/p/1?q#f"), [204, 403, 204]),
    (None, Some("https://x.multi.example/"), [403, 204, 204]),
    (None, Some("https://evil.test/https://shop.example/"), [403, 403, 204]),
    (None, Some("about:blank"), [403, 403, 204]),
    (None, Some(""), [403, 403, 204]),
    // With one it says nothing.
    (Some("https://evil.test"), Some("https://shop.example/"), [403, 403, 204]),
    (Some("https://shop.example"), Some("https://evil.test/"), [204, 403, 204]),
];

#[tokio::test]
async fn only_pages_of_a_sites_own_origins_may_send_for_it() {
    let felt = Felt::start_with(Options { sites: sites(), ..Options::default() }).await;
    let (mut sent, mut refused) = (0, 0);
    for (origin, referer, expected) in ORIGINS {
        for (site, status) in ["shop", "multi", "open"].into_iter().zip(expected) {
            sent += 1;
            let mut request = Request::post(&format!("/v1/beacon?site={site}"), snapshot(sent));
            let mut preflight = Request::get(&format!("/v1/beacon?site={site}")).method("OPTIONS");
            for (name, value) in [("origin", origin), ("referer", referer)] {
                if let Some(value) = value {
                    request = request.header(name, value);
                    preflight = preflight.header(name, value);
                }
            }
            let what = format!("{origin:?} {referer:?} for {site}");
            let answer = felt.send(request).await;
            assert_eq!(answer.status, status, "{what}");
            if status == 403 {
                refused += 1;
                assert_eq!(answer.problem(), "origin-not-allowed", "{what}");
                assert_eq!(
                    answer.header("access-control-allow-origin"),
                    "",
                    "a page that may not send may not read: {what}"
                );
            } else {
                assert_eq!(answer.header("access-control-allow-origin"), origin.unwrap_or(""), "{what}");
            }
            assert_eq!(felt.send(preflight).await.status, status, "a preflight says the same: {what}");
        }
    }
    let log = felt.stop().await;
    assert_eq!(log.refused, [("origin_not_allowed".to_owned(), refused)].into(), "preflights are no beacons");
    assert_eq!(log.received(), sent as u64);
}

#[tokio::test]
async fn an_unknown_site_is_403_whoever_asks_and_leaves_nothing_behind() {
    let felt = Felt::start_with(Options { sites: sites(), ..Options::default() }).await;
    for site in ["none", "SHOP", "shop%00", "shop/", "../shop", "", "*", "multi&site=shop"] {
        for origin in ["https://shop.example", "null", "*"] {
            let path = format!("/v1/beacon?site={site}");
            let answer = felt.send(Request::post(&path, snapshot(1)).header("origin", origin)).await;
            // The first `site` counts: nobody sends for a site that another proxy or cache did not see.
            let expected = if site.starts_with("multi&") { "origin-not-allowed" } else { "unknown-site" };
            assert_eq!((answer.status, answer.problem().as_str()), (403, expected), "{site} {origin}");
        }
    }
    let log = felt.stop().await;
    assert!(log.views.is_empty());
    assert_eq!(log.refused, [("origin_not_allowed".to_owned(), 3)].into(), "an unknown site has no counts");
}

/// The country tells which address was believed: 8.8.8.8 is in the US, 141.30.1.1 in Germany, the peer is nowhere.
#[tokio::test]
async fn forged_addresses_are_never_believed() {
    const US: &str = "8.8.8.8";
    const DE: &str = "141.30.1.1";
    let table: [(usize, Vec<String>, &str); 14] = [
        (0, vec![DE.into()], ""),
        (0, vec![format!("{US}, {DE}")], ""),
        (1, vec![], ""),
        (1, vec![DE.into()], "DE"),
        (1, vec![format!("{US}, {DE}")], "DE"),
        (1, vec![US.into(), DE.into()], "DE"),
        (1, vec![format!("{US},{US},{US},  {DE}")], "DE"),
        (1, vec![format!("{US}, {DE}:4711")], "DE"),
        (1, vec![format!("{US}, [::ffff:{DE}]:4711")], "DE"),
        (1, vec![format!("{US}, unknown")], ""),
        (1, vec![format!("{US}, ")], ""),
        (1, vec![format!("{US}, {DE}, 999.1.1.1")], ""),
        (2, vec![format!("{US}, {DE}, 10.0.0.7")], "DE"),
        (2, vec![format!("{US}, {DE}"), "10.0.0.7".into()], "DE"),
    ];
    for (trusted_proxies, lines, country) in table {
        let mut options = Options::default();
        options.ingest.trusted_proxies = trusted_proxies;
        let felt = Felt::start_with(options).await;
        // Other headers that servers believe are not believed.
        let mut request = Request::beacon(snapshot(1)).header("forwarded", format!("for={US}")).header("x-real-ip", US);
        for line in &lines {
            request = request.header("x-forwarded-for", line);
        }
        assert_eq!(felt.send(request).await.status, 204);
        let log = felt.stop().await;
        assert_eq!(log.views[0].country, country, "{lines:?} behind {trusted_proxies}");
        assert!(!format!("{log:?}").contains("141.30"), "no address is stored");
    }
}
