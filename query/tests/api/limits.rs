//! What a question may cost, and what its asker is told when it may not: over a store that refuses, fails, breaks off and is slow.

use super::fake::{Fake, Says};
use super::support::ask;
use axum::http::{StatusCode, header};
use felt_query::QueryConfig;
use futures::future::join_all;

/// Calls that ask the store.
const CALLS: [&str; 10] = [
    "schema",
    "values/page",
    "summary",
    "series",
    "breakdown?by=page",
    "distribution?metric=lcp",
    "health",
    "sessions",
    "attribution?metric=lcp",
    "feedback",
];
/// Those of them that are put together from single page views: what mends them is the same whatever there was too much of.
const RAW: [&str; 3] = ["sessions", "attribution?metric=lcp", "feedback"];

/// Settings under which nothing is kept and nobody waits.
fn unkept() -> QueryConfig {
    QueryConfig { cache_ms: 0, stale_ms_max: 0, watermark_ms: 0, ..QueryConfig::default() }
}

#[tokio::test]
async fn every_statement_names_its_limits_and_may_not_write() {
    let config = QueryConfig {
        execution_ms_max: 4_000,
        rows_read_max: 1_234_567,
        bytes_read_max: 7_654_321,
        memory_bytes_max: 99_999_999,
        result_rows_max: 4_321,
        ..unkept()
    };
    let (fake, service) = Fake::start(config).await;
    for call in CALLS {
        assert_eq!(ask(&service, &format!("/api/v1/sites/shop/{call}"), &[]).await.status, StatusCode::OK, "{call}");
    }
    let asked = fake.asked();
    assert!(asked.len() >= CALLS.len());
    for statement in asked {
        for setting in [
            "readonly=2",
            "max_execution_time=4",
            "max_rows_to_read=1234567",
            "max_bytes_to_read=7654321",
            "max_memory_usage=99999999",
            "max_result_rows=4321",
            "timeout_overflow_mode=throw",
            "read_overflow_mode=throw",
            "result_overflow_mode=throw",
            "cancel_http_readonly_queries_on_client_close=1",
        ] {
            assert!(statement.contains(setting), "{setting} is missing in {statement}");
        }
        // Which days are in the sample is no site's affair.
        if !statement.contains("FROM page_view_sample_days ") {
            assert!(statement.contains("name=\"param_site\"\r\n\r\nshop\r\n"), "{statement}");
            assert!(statement.contains("site = {site:String}"), "{statement}");
        }
    }
}

#[tokio::test]
async fn what_costs_too_much_is_told_what_it_had_too_much_of_and_how_to_mend_it() {
    let (fake, service) = Fake::start(unkept()).await;
    for (code, text, limit, words) in [
        (158, "Limit for rows to read exceeded: max rows: 10", "rows", "shorter range"),
        (159, "Timeout exceeded: elapsed 5.1 seconds, maximum: 5", "time", "longer step"),
        (160, "Estimated query execution time is too long", "time", "shorter range"),
        (241, "Query memory limit exceeded: would use 2 GiB", "memory", "one dimension"),
        (241, "Memory limit (for query) exceeded: would use 2 GiB", "memory", "one dimension"),
        (307, "Limit for bytes to read exceeded", "bytes", "shorter range"),
        (396, "Limit for result exceeded, max rows: 200", "groups", "filter"),
    ] {
        fake.says(Says::Fails(code, text));
        for call in CALLS {
            let answer = ask(&service, &format!("/api/v1/sites/shop/{call}"), &[]).await;
            let problem = answer.json();
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{code} {call}: {problem}");
            assert_eq!(problem["type"], "urn:felt:problem:too-expensive", "{code} {call}");
            assert_eq!(problem["limit"], limit, "{code} {call}");
            let detail = problem["detail"].as_str().unwrap();
            let words = if RAW.contains(&call) { "shorter range" } else { words };
            assert!(detail.contains(words), "{code} {call}: {detail}");
            assert!(!answer.text().contains("Exception"), "the store's own words stay inside: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_store_that_is_at_fault_is_a_503_with_a_time_to_come_back() {
    let (fake, service) = Fake::start(unkept()).await;
    for says in [
        Says::Fails(241, "(total) memory limit exceeded: would use 20 GiB"),
        Says::Fails(241, "User memory limit exceeded: would use 20 GiB"),
        Says::Fails(202, "Too many simultaneous queries for all users"),
        Says::Fails(210, "Connection reset by peer"),
        Says::Fails(242, "Table is in readonly mode"),
        Says::BreaksOff,
    ] {
        fake.says(says);
        for call in CALLS {
            let answer = ask(&service, &format!("/api/v1/sites/shop/{call}"), &[]).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{call}: {}", answer.text());
            assert!(answer.header(header::RETRY_AFTER).parse::<u32>().is_ok_and(|seconds| seconds >= 1), "{call}");
            assert_eq!(answer.json()["type"], "urn:felt:problem:store-unavailable");
        }
    }
    // What is our own fault says so, and nothing about the inside.
    fake.says(Says::Fails(47, "Unknown expression identifier `secret_column` in scope SELECT"));
    let answer = ask(&service, "/api/v1/sites/shop/summary", &[]).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!answer.text().contains("secret_column"));
}

#[tokio::test]
async fn two_hundred_equal_questions_ask_the_store_once() {
    let (fake, service) = Fake::start(QueryConfig::default()).await;
    fake.says(Says::NothingAfter(200));
    let path = "/api/v1/sites/shop/breakdown?by=page&range=24h";
    let answers = join_all((0..200).map(|_| ask(&service, path, &[]))).await;
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
    let about_pages = |fake: &Fake| fake.asked().iter().filter(|sql| sql.contains("grouping = 'page'")).count();
    let once = about_pages(&fake);
    // As many as one asker needs alone: counts, and nothing for groups that are not there.
    assert_eq!(once, 1, "{:?}", fake.asked());
    let later = join_all((0..50).map(|_| ask(&service, path, &[]))).await;
    assert!(later.iter().all(|answer| answer.status == StatusCode::OK));
    assert_eq!(about_pages(&fake), once, "and those who come a moment later ask nothing");
}

#[tokio::test]
async fn while_the_store_is_away_the_last_answer_is_given_and_says_so() {
    let config = QueryConfig { cache_ms: 0, watermark_ms: 0, ..QueryConfig::default() };
    let (fake, service) = Fake::start(config).await;
    let path = "/api/v1/sites/shop/summary?range=24h&metrics=happiness";
    let first = ask(&service, path, &[]).await;
    assert_eq!((first.status, &first.json()["meta"]["warnings"]), (StatusCode::OK, &serde_json::json!([])));
    for says in [Says::Fails(210, "Connection reset by peer"), Says::BreaksOff] {
        fake.says(says);
        let old = ask(&service, path, &[]).await;
        assert_eq!((old.status, &old.json()["data"]), (StatusCode::OK, &first.json()["data"]));
        let warning = old.json()["meta"]["warnings"][0].as_str().unwrap().to_owned();
        assert!(warning.starts_with("the store does not answer at the moment"), "{warning}");
        assert!(old.header(header::AGE).parse::<u64>().is_ok());
        assert_eq!((old.header(header::CACHE_CONTROL), old.header(header::ETAG)), ("no-store", ""));
        let csv = ask(&service, path, &[("accept", "text/csv")]).await;
        assert!(csv.status == StatusCode::OK && !csv.header(header::AGE).is_empty());
        // Neither another question nor another site's is answered by it.
        for other in [
            "/api/v1/sites/blog/summary?range=24h&metrics=happiness",
            "/api/v1/sites/shop/summary?range=24h&metrics=lcp",
        ] {
            assert_eq!(ask(&service, other, &[]).await.status, StatusCode::SERVICE_UNAVAILABLE, "{other}");
        }
    }
    // What costs too much is not the store's fault: an old answer would hide that.
    fake.says(Says::Fails(158, "Limit for rows to read exceeded"));
    assert_eq!(ask(&service, path, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    fake.says(Says::NothingAfter(0));
    let again = ask(&service, path, &[]).await;
    assert_eq!((again.status, again.header(header::AGE)), (StatusCode::OK, ""));
}

#[tokio::test]
async fn one_sites_crowd_leaves_the_others_places_alone() {
    let config = QueryConfig { queries_per_site_max: 2, queue_wait_ms_max: 50, ..unkept() };
    let (fake, service) = Fake::start(config).await;
    fake.says(Says::NothingAfter(2_000));
    let crowd = (0..20).map(|n| {
        let (service, path) = (service.clone(), format!("/api/v1/sites/shop/summary?metrics=happiness&f=path:is:/{n}"));
        tokio::spawn(async move { ask(&service, &path, &[]).await })
    });
    let crowd: Vec<_> = crowd.collect();
    let refused = async {
        let mut refused = 0;
        for one in crowd {
            let answer = one.await.unwrap();
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                assert!(!answer.header(header::RETRY_AFTER).is_empty());
                assert!(answer.json()["detail"].as_str().unwrap().contains("batch"), "it says how to mend it");
                refused += 1;
            }
        }
        refused
    };
    let other = ask(&service, "/api/v1/sites/blog/summary?metrics=happiness", &[]);
    let (refused, other) = tokio::join!(refused, other);
    assert!(refused >= 10, "{refused}");
    assert_eq!(other.status, StatusCode::OK, "another site has places of its own");
}
