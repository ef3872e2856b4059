//! Hostile words in every place of a question: they mean themselves or are refused, they never become SQL, a header, a formula or
//! another line, and nothing about the inside is told.

use super::support::{Answer, HOUR_MS, Service, judged, send};
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use felt_schema::anchors::Level;
use felt_schema::happiness::Cause;
use felt_schema::rows::PageViewRow;
use serde_json::Value;

/// The strings that a browser is tried with too.
fn strings() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/hostile/strings.json");
    let mut strings: Vec<String> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let sql = [
        "' UNION SELECT name FROM system.tables --",
        "x') OR 1=1 OR ('a'='a",
        "\\' OR 1=1 --",
        "`; DROP TABLE tokens; --",
        "1; SELECT sleep(3)",
        "' AND sleepEachRow(3) AND 'a'='a",
        "{p1:String}",
        "{site:Identifier}",
        "/* */ OR 1",
        "' SETTINGS readonly=0 --",
        "' FORMAT JSON --",
        "' INTO OUTFILE '/tmp/x",
        "url('http://127.0.0.1:9/','CSV','a String')",
        "file('/etc/passwd')",
        "%",
        "_",
        "%25",
        "%zz",
        "a,b",
        "a:b",
        "a\\",
        "\"",
        "`",
    ];
    strings.extend(sql.map(str::to_owned));
    strings.sort();
    strings.dedup();
    strings
}

/// Everything but letters and digits escaped, as an address wants it.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { (byte as char).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// An item of a list that is decoded twice: its own commas, colons and per cents escaped once, and then as an address wants it.
fn encode_item(text: &str) -> String {
    encode(&text.replace('%', "%25").replace(',', "%2C").replace(':', "%3A"))
}

fn named(service: &Service, text: &str) -> PageViewRow {
    let view = PageViewRow {
        page: text.into(),
        path: text.into(),
        release: text.into(),
        referrer: text.into(),
        tags: vec![("plan".into(), text.into()), (text.into(), "here".into())],
        timing_names: vec![text.into()],
        timing_values: vec![1_500],
        lcp: 1_234_000,
        ..service.view(HOUR_MS)
    };
    judged(view, Level::Painful, Some(Cause::SlowOpen))
}

/// A service whose data is made of the strings, one page view each, and one that is ordinary.
async fn service() -> (Service, Vec<String>) {
    let (service, strings) = (Service::start().await, strings());
    let mut views: Vec<PageViewRow> = strings.iter().map(|text| named(&service, text)).collect();
    views.push(service.view(HOUR_MS));
    service.write(&views).await;
    (service, strings)
}

/// Whatever was asked: no fault of ours, nothing of the inside, no header that was not ours.
fn is_plain(answer: &Answer, address: &str, asked: &str) {
    let (status, text) = (answer.status, String::from_utf8_lossy(&answer.body).into_owned());
    assert!(status.is_success() || status.is_client_error(), "{address}: {status} {text}");
    if !status.is_success() {
        // A fault repeats the asker's own words, and nothing of ours.
        for inside in ["Exception", "ClickHouse", "rollup_", "page_views", "SELECT "]
            .iter()
            .filter(|word| !asked.contains(**word))
        {
            assert!(!text.contains(inside), "{address}: {text}");
        }
    }
    only_our_headers(&answer.headers, address);
}

fn only_our_headers(headers: &HeaderMap, address: &str) {
    for (name, value) in headers {
        assert!(name != header::SET_COOKIE && name != header::LOCATION, "{address}: {name}");
        let value = value.as_bytes();
        assert!(!value.contains(&b'\r') && !value.contains(&b'\n'), "{address}: {name}");
    }
}

#[tokio::test]
async fn a_value_means_itself_wherever_it_stands() {
    let (service, strings) = service().await;
    for text in &strings {
        // A tag's name ends at the first colon, and cannot be empty.
        // Separators stand plainly in these addresses, so a value is escaped once.
        let value = encode(text);
        let mut filters = Vec::new();
        for dimension in ["page", "path", "release", "referrer", "tag:plan"] {
            filters.push(format!("f={dimension}:is:{value}"));
        }
        let unstorable = text.chars().any(char::is_control);
        for filter in filters {
            let address = format!("/api/v1/sites/shop/summary?range=24h&metrics=happiness&{filter}");
            let answer = service.ask(&address, &[]).await;
            if unstorable {
                // Ingest takes control characters out, so whoever asks for one is told.
                assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{text:?} {address}: {}", answer.text());
                continue;
            }
            assert_eq!(answer.status, StatusCode::OK, "{text:?} {address}: {}", answer.text());
            assert_eq!(answer.json()["meta"]["views"], 1, "{text:?} {address}: {}", answer.text());
            // What is not it is everything else.
            let others = address.replace(":is:", ":not:");
            assert_eq!(service.get(&others).await["meta"]["views"], strings.len(), "{text:?} {others}");
        }
        if unstorable {
            continue;
        }
        for address in [
            format!("/api/v1/sites/shop/values/page?range=24h&limit=1000&q={value}"),
            format!("/api/v1/sites/shop/values/page?range=24h&limit=1000&f=page:prefix:{value}"),
        ] {
            let answer = service.get(&address).await;
            let found: Vec<&str> =
                answer["data"].as_array().unwrap().iter().filter_map(|row| row["value"].as_str()).collect();
            assert!(found.contains(&text.as_str()), "{text:?} {address}: {found:?}");
            let lower = text.to_lowercase();
            assert!(found.iter().all(|value| value.to_lowercase().contains(&lower)), "{text:?} {address}: {found:?}");
        }
    }
}

#[tokio::test]
async fn no_word_in_any_parameter_becomes_sql() {
    let (service, strings) = service().await;
    let document = service.get("/api/v1/openapi.json").await;
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        if !path.contains("{site}") || !item["get"].is_object() {
            continue;
        }
        let own = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        let names: Vec<&str> = own.iter().filter(|p| p["in"] == "query").filter_map(|p| p["name"].as_str()).collect();
        let base = match path.rsplit('/').next() {
            Some("breakdown") => "by=page&",
            Some("distribution" | "attribution") => "metric=lcp&",
            _ => "",
        };
        for text in &strings {
            let (whole, value) = (encode(text), encode_item(text));
            let here = |site: &str, rest: &str| {
                path.replace("{site}", site).replace("{dimension}", "page").replace("{id}", "x") + rest
            };
            let mut addresses = vec![
                here(&whole, ""),
                path.replace("{site}", "shop").replace("{dimension}", &whole).replace("{id}", &whole),
                path.replace("{site}", "shop").replace("{dimension}", &format!("tag:{whole}")).replace("{id}", "x"),
                here("shop", &format!("?{base}{whole}={whole}")),
            ];
            for name in &names {
                let words = match *name {
                    "f" => vec![
                        whole.clone(),
                        format!("{value}:is:x"),
                        format!("page:{value}:x"),
                        format!("tag:{value}:is:{value}"),
                        format!("release:gt:{value}"),
                        format!("page:glob:{value}*"),
                        format!("tag:plan:lt:{value}"),
                    ],
                    "metrics" | "metric" => vec![whole.clone(), format!("timing:{value}")],
                    "by" => vec![whole.clone(), format!("tag:{value}"), format!("page,{value}")],
                    "order" => vec![whole.clone(), format!("-{whole}"), format!("{whole}.p75"), format!("tag:{value}")],
                    _ => vec![whole.clone()],
                };
                for word in words {
                    let rest = base.replace(&format!("{name}=page&"), "").replace(&format!("{name}=lcp&"), "");
                    addresses.push(here("shop", &format!("?{rest}{name}={word}")));
                }
            }
            for address in addresses {
                is_plain(&service.ask(&address, &[]).await, &address, text);
                asked += 1;
            }
        }
    }
    println!("{asked} questions");
    assert!(asked > 3_000, "{asked}");
    // Everything is still there.
    let all = service.get("/api/v1/sites/shop/summary?range=24h&metrics=happiness").await;
    assert_eq!(all["meta"]["views"], strings.len() + 1);
}

/// RFC 4180, read back.
fn cells(csv: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = csv.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted && letters.peek() == Some(&'\n') => {
                letters.next();
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            letter => cell.push(letter),
        }
    }
    assert!(!quoted && cell.is_empty() && row.is_empty(), "the last line ends as all do");
    rows
}

#[tokio::test]
async fn no_list_opens_as_a_formula_or_breaks_its_lines() {
    let (service, strings) = service().await;
    for call in [
        "values/page?limit=1000&range=24h",
        "values/tag:plan?limit=1000&range=24h",
        "values/release?limit=1000&range=24h",
        "breakdown?by=page&limit=1000&range=24h",
        "breakdown?by=release,tag:plan&limit=1000&range=24h",
        "schema",
        "summary?range=24h",
        "series?range=24h&step=1h",
        "distribution?metric=lcp&range=24h",
        "health",
        "sessions?range=24h&limit=1000",
        "sessions/session-1",
        "attribution?metric=lcp&range=24h&limit=1000",
        "feedback?range=24h",
        "erasures",
    ] {
        let address = format!("/api/v1/sites/shop/{call}");
        let csv = service.ask(&address, &[("accept", "text/csv")]).await;
        assert_eq!(csv.status, StatusCode::OK, "{address}");
        let rows = cells(&csv.text());
        for cell in rows.iter().flatten() {
            let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠']);
            assert!(!begins || cell.parse::<f64>().is_ok(), "{address}: {cell:?}");
        }
        assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{address}: every line has every column");
        let lines = service.ask(&address, &[("accept", "application/x-ndjson")]).await;
        let parsed: Vec<Value> = lines
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{address}: {line}")))
            .collect();
        assert_eq!(parsed.len() + usize::from(!rows.is_empty()), rows.len(), "{address}: as many lines as rows");
        only_our_headers(&csv.headers, &address);
    }
    // And what is behind an apostrophe is still the value.
    let csv = service.ask("/api/v1/sites/shop/values/page?limit=1000&range=24h", &[("accept", "text/csv")]).await;
    let rows = cells(&csv.text());
    for text in &strings {
        let found = rows.iter().any(|row| row[0] == *text || row[0].strip_prefix('\'') == Some(text));
        assert!(found, "{text:?} is missing");
    }
}

#[tokio::test]
async fn what_would_cost_too_much_is_refused_or_answered_but_never_a_fault() {
    let (service, _) = service().await;
    let many = |count: usize, word: &str| vec![word; count].join(",");
    let stars = "*a".repeat(400);
    let filters = (0..200).map(|n| format!("f=path:glob:*{n}*")).collect::<Vec<_>>().join("&");
    for query in [
        "series?range=400d&step=1m".to_owned(),
        "series?from=1970-01-01&to=2100-01-01&step=1d".into(),
        "series?range=999999999999d".into(),
        "breakdown?by=path,tag:plan&limit=1000&range=400d&stats=p50,p75,p90,p95,p99,mean&order=-lcp.p99".into(),
        "breakdown?by=page,page".into(),
        "breakdown?by=page,release,country".into(),
        "breakdown?by=page&limit=100000000".into(),
        "breakdown?by=page&limit=-1&min=18446744073709551616".into(),
        format!("breakdown?by=page&cursor={}", "A".repeat(5_000)),
        format!("summary?f=page:glob:{stars}"),
        format!("summary?{filters}"),
        format!("summary?f=page:is:{}", many(5_000, "x")),
        format!("summary?metrics={}", many(2_000, "lcp")),
        format!("summary?metrics={}", (0..300).map(|n| format!("timing:t{n}")).collect::<Vec<_>>().join(",")),
        format!("summary?{}", "&".repeat(30_000)),
        format!("summary?{}", "range=7d&".repeat(1_000)),
        format!("values/page?q={}", "x".repeat(20_000)),
        "summary?tz=Europe/Berlin%00".into(),
        "summary?tz=../../etc/passwd".into(),
        "summary?from=2026-01-01T00:00:00%2B99:99".into(),
    ] {
        let address = format!("/api/v1/sites/shop/{query}");
        let answer = service.ask(&address, &[]).await;
        let shown: String = address.chars().take(100).collect();
        is_plain(&answer, &shown, "");
        if answer.status == StatusCode::BAD_REQUEST {
            assert!(!answer.json()["detail"].as_str().unwrap_or_default().is_empty(), "{shown}: {}", answer.text());
            assert!(answer.body.len() < 64 * 1024, "{shown}: an answer to nonsense is short");
        }
    }
    let huge = format!("[{}]", vec!["\"/api/v1/sites/shop/summary\""; 21].join(","));
    let deep = "[".repeat(10_000);
    for body in [
        huge,
        deep,
        "null".into(),
        "{\"requests\":[{\"path\":\"http://evil.example/api/v1/sites\"}]}".into(),
        "[\"//evil.example/x\"]".into(),
    ] {
        let request =
            Request::post("/api/v1/batch").header("content-type", "application/json").body(Body::from(body)).unwrap();
        let answer = send(&service.router, request).await;
        is_plain(&answer, "batch", "");
        assert!(
            answer.status == StatusCode::BAD_REQUEST || answer.json()["responses"][0]["status"] == 400,
            "{}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn an_unknown_parameter_is_told_with_what_was_meant_on_every_call() {
    let service = Service::start().await;
    for call in [
        "summary?",
        "series?",
        "breakdown?by=page&",
        "distribution?metric=lcp&",
        "values/page?",
        "health?",
        "sessions?",
        "attribution?metric=lcp&",
        "feedback?",
    ] {
        let answer = service.ask(&format!("/api/v1/sites/shop/{call}rnage=7d"), &[]).await;
        assert_eq!(
            (answer.status, &answer.json()["did_you_mean"]),
            (StatusCode::BAD_REQUEST, &Value::from("range")),
            "{call}"
        );
    }
    let answer = service.ask("/api/v1/sites/shop/schema?site=blog", &[]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}
