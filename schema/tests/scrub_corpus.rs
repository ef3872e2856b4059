//! A corpus of texts and URLs with personal data in them, and of innocent ones that must stay as they are.

use felt_schema::scrub::{scrub_text, scrub_url};
use felt_schema::snapshot::parse_body;
use proptest::prelude::*;

const TEXTS: &[(&str, &str)] = &[
    // E-mail addresses.
    ("mail jane.doe@shop.example now", "mail [email] now"),
    ("jane+tag@sub.shop.example", "[email]"),
    ("User <j_d@x.co>: not found", "User <[email]>: not found"),
    ("müller@straße.example", "[email]"),
    ("jane%40shop.example", "[email]"),
    ("o'neill@shop.example failed", "[email] failed"),
    ("a@b.co,c@d.io", "[email],[email]"),
    ("mailto:jane@shop.example", "mailto:[email]"),
    // Payment cards, with the networks' test numbers.
    ("card 4111111111111111 declined", "card [card] declined"),
    ("4111 1111 1111 1111", "[card]"),
    ("5500-0000-0000-0004!", "[card]!"),
    ("amex 378282246310005", "amex [card]"),
    ("diners 30569309025904", "diners [card]"),
    ("visa 13: 4222222222222", "visa 13: [card]"),
    ("mir 2200000000000004?", "mir [card]?"),
    ("19 digits: 6304000000000000000", "19 digits: [card]"),
    ("on 2026 4111 1111 1111 1111", "on 2026 [card]"),
    // Bank accounts.
    ("IBAN DE89370400440532013000", "IBAN [iban]"),
    ("DE89 3704 0044 0532 0130 00 please", "[iban] please"),
    ("GB82 WEST 1234 5698 7654 32", "[iban]"),
    ("fr1420041010050500013m02606", "[iban]"),
    ("to NO9386011117947.", "to [iban]."),
    // JSON web tokens and keys of services.
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1g", "[token]"),
    ("jwt eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0. end", "jwt [token] end"),
    ("sk_live_abcdef1234567890", "[token]"),
    ("AKIAIOSFODNN7EXAMPLE", "[token]"),
    ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[token]"),
    ("xoxb-123456789012-abcdefghijkl", "[token]"),
    ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer [token]"),
    ("Basic dXNlcjpwYXNzd29yZA==", "Basic [token]"),
    // By the name before them.
    ("token=s3cr3t", "token=[token]"),
    ("access_token=abc&x=1", "access_token=[token]&x=1"),
    ("{\"password\": \"hunter2\"}", "{\"password\": \"[token]\"}"),
    ("password: hunter", "password: [token]"),
    ("pwd='secret'", "pwd='[token]'"),
    ("api_key=12345; next", "api_key=[token]; next"),
    ("X-Api-Key: abcdef123456", "X-Api-Key: [token]"),
    ("client_secret=zzz", "client_secret=[token]"),
    ("auth: token=abcdef", "auth: token=[token]"),
    ("code=4f9a8b7c6d5e", "code=[token]"),
    ("PHPSESSID=abcd", "PHPSESSID=[token]"),
    ("sid%3Dabcdef", "sid%3D[token]"),
    // Phones.
    ("call +49 30 1234567", "call [phone]"),
    ("+1 (555) 123-4567", "[phone]"),
    ("+442071838750 soon", "[phone] soon"),
    ("(555) 123-4567", "[phone]"),
    ("555-123-4567 x", "[phone] x"),
    ("0171 1234567", "[phone]"),
    ("030/1234567", "[phone]"),
    ("tel:0301234567", "[phone]"),
    // URLs inside a text.
    ("at f (https://shop.example/a.js?token=s3cr3t:12:34)", "at f (https://shop.example/a.js:12:34)"),
    ("GET https://user:pw@shop.example/x#frag failed", "GET https://shop.example/x failed"),
    ("see http://a.example/?q=jane and http://b.example/#me", "see http://a.example/ and http://b.example/"),
];

const INNOCENT_TEXTS: &[&str] = &[
    "",
    "TypeError: undefined is not a function",
    "Unexpected token: foo",
    "Unexpected token < in JSON at position 0",
    "status code: 500",
    "at render (https://shop.example/app.3f2a9b.js:1:23456)",
    "main > section.hero:nth-child(2) > img#p-123",
    "2026.11.3",
    "2026-11-22 14:56:07",
    "1732280000000",
    "3.141592653589793",
    "0.4111111111111111",
    "order 1234567890123456",
    "react@18.2.0/umd",
    "10.0.0.1:8080",
    "button[data-id=buy]",
    "input:focus",
    "/p/:id",
    "Checkout — step 2 of 4",
    "Größe wählen",
    "spin=3, monkey=4, design: 12345",
    "MozAppleWebKit/537.36 (KHTML, like Gecko)",
];

const URLS: &[(&str, &str)] = &[
    ("https://shop.example/p/123?utm_source=x", "https://shop.example/p/123"),
    ("https://shop.example/#section", "https://shop.example/"),
    ("https://shop.example/a?b#c?d", "https://shop.example/a"),
    ("https://jane:pw@shop.example/", "https://shop.example/"),
    ("https://shop.example/u/jane@shop.example/edit", "https://shop.example/u/[email]/edit"),
    ("https://shop.example/u/jane%40shop.example", "https://shop.example/u/[email]"),
    ("https://shop.example/o/123e4567-e89b-12d3-a456-426614174000/pay", "https://shop.example/o/:id/pay"),
    ("https://shop.example/h/d41d8cd98f00b204e9800998ecf8427e", "https://shop.example/h/:id"),
    ("https://shop.example/reset/AbCdEf12GhIjKl34MnOpQr56", "https://shop.example/reset/:id"),
    ("https://shop.example/x;jsessionid=ABC123", "https://shop.example/x;jsessionid=[token]"),
    ("https://shop.example/pay/4111111111111111", "https://shop.example/pay/[card]"),
    ("https://shop.example/call/+4930123456789", "https://shop.example/call/[phone]"),
    ("/relative/path?x=1", "/relative/path"),
    ("data:text/html,<b>jane</b>", "data:"),
    ("mailto:jane@shop.example", "mailto:"),
    ("JavaScript:alert(1)", "JavaScript:"),
    ("//cdn.example/a.js?v=1", "//cdn.example/a.js"),
];

const INNOCENT_URLS: &[&str] = &[
    "",
    "https://shop.example",
    "https://shop.example/",
    "https://shop.example:8443/p/123",
    "https://shop.example/assets/app.3f2a9b.js",
    "https://xn--bcher-kva.example/b%C3%BCcher",
    "/p/:id",
    "https://cdn.example/npm/react@18.2.0/umd/react.production.min.js",
];

#[test]
fn personal_data_is_masked_in_texts() {
    for (dirty, clean) in TEXTS {
        assert_eq!(scrub_text(dirty), *clean, "{dirty}");
        assert_eq!(scrub_text(clean), *clean, "twice: {dirty}");
    }
    assert!(TEXTS.len() + URLS.len() >= 60);
}

#[test]
fn innocent_texts_stay_as_they_are() {
    for text in INNOCENT_TEXTS {
        assert_eq!(scrub_text(text), *text);
    }
}

#[test]
fn urls_lose_query_fragment_credentials_and_keys() {
    for (dirty, clean) in URLS {
        assert_eq!(scrub_url(dirty, &[]), *clean, "{dirty}");
        assert_eq!(scrub_url(clean, &[]), *clean, "twice: {dirty}");
    }
    for url in INNOCENT_URLS {
        assert_eq!(scrub_url(url, &[]), *url);
    }
}

#[test]
fn listed_parameters_stay_but_are_masked_like_any_text() {
    let allow = ["q".to_owned(), "page".to_owned(), "#".to_owned()];
    let scrub = |url| scrub_url(url, &allow).into_owned();
    assert_eq!(scrub("https://a.example/s?token=x&q=shoes&page=2&y"), "https://a.example/s?q=shoes&page=2");
    assert_eq!(scrub("https://a.example/s?q=jane@b.co#/u/jane@b.co?x=1"), "https://a.example/s?q=[email]#/u/[email]");
    assert_eq!(scrub("https://a.example/s?q"), "https://a.example/s?q");
    assert_eq!(scrub_url("https://a.example/#/x", &["q".to_owned()]), "https://a.example/");
}

#[test]
fn every_text_of_a_snapshot_is_scrubbed() {
    let secret = "jane@shop.example";
    let body = format!(
        r##"{{"view":"view-0001","url":"https://s.example/?m={secret}","referrer":"https://s.example/{secret}","route":"/{secret}",
        "title":"{secret}","release":"{secret}","tags":{{"who":"{secret}"}},
        "attribution":{{"lcp":{{"target":"#{secret}","url":"/{secret}"}},"inp":{{"target":"{secret}","script":"/{secret}"}},
                       "cls":{{"target":"{secret}"}}}},
        "events":[{{"type":"error","message":"{secret}","stack":"{secret}","source":"{secret}"}},
                  {{"type":"timing","name":"{secret}","value":1}},
                  {{"type":"step","journey":"{secret}","step":"{secret}"}},
                  {{"type":"request","url":"/{secret}","status":500}},
                  {{"type":"rage_click","target":"{secret}"}},
                  {{"type":"long_frame","script":"/{secret}"}},
                  {{"type":"feedback","text":"{secret}"}}]}}"##
    );
    let mut snapshot = parse_body(body.as_bytes()).unwrap().remove(0).unwrap().snapshot;
    snapshot.scrub(&[]);
    let written = serde_json::to_string(&snapshot).unwrap();
    assert!(!written.contains("jane"), "{written}");
    assert_eq!(written.matches("[email]").count(), 20, "{written}");
    let once = snapshot.clone();
    snapshot.scrub(&[]);
    assert_eq!(snapshot, once);
}

/// Texts made of the pieces that the expressions look for, which random characters would seldom form.
fn suspicious() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "token",
            "=",
            ":",
            "password",
            "@",
            "a.co",
            "%40",
            "?",
            "#",
            "http://",
            "//",
            "/",
            "+49",
            "0171",
            " ",
            "-",
            ".",
            "[token]",
            "[email]",
            "eyJhbGci",
            "DE89",
            "3704",
            "4111111111111111",
            "(",
            ")",
            "\"",
            "'",
            "&",
            "bearer ",
            "code",
            "auth",
            "tel:",
            "x",
        ])
        .prop_map(str::to_owned),
        "[0-9]{1,6}",
        "[a-zA-Z]{1,8}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn scrubbing_twice_is_scrubbing_once(text in suspicious()) {
        let once = scrub_text(&text).into_owned();
        prop_assert_eq!(scrub_text(&once), once.as_str());
        for allow in [vec![], vec!["x".to_owned(), "#".to_owned()]] {
            let once = scrub_url(&text, &allow).into_owned();
            prop_assert_eq!(scrub_url(&once, &allow), once.as_str());
        }
    }

    #[test]
    fn an_address_never_survives(before in "[ -~]{0,20}", after in "[ -~]{0,20}") {
        let text = format!("{before} jane.doe@shop.example {after}");
        prop_assert!(!scrub_text(&text).contains("jane.doe@"));
    }
}
