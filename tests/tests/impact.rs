//! Whom an incident hurt, from end to end: the log of page views in `vectors/impact_events.csv` is sent as snapshots, an incident is
//! declared, and the API has to tell what was worked out independently.

use std::path::Path;

use anyhow::{Context, Result};
use felt_schema::clock::{Clock, SystemClock};
use felt_tests::api::{Api, metric};
use felt_tests::process::Felt;
use serde_json::{Value, json};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;
const MOBILE: &str =
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Mobile Safari/537.36";
const DESKTOP: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36";
const TABLET: &str = "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 \
                      Safari/604.1";

fn vectors() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).unwrap().to_string()
}

/// A line of the log as an import line, moved in time.
///
/// The log judges its largest paint on the scale of waiting, as Felt judges what an app says of being usable: so it is sent as that.
/// Where somebody left before it was there, it came after they had looked away.
fn import_line(line: &str, moved_ms: i64) -> String {
    let columns: Vec<&str> = line.split(',').collect();
    let number = |column: usize| columns[column].parse::<i64>().ok();
    let (usable, inp, left) = (number(17), number(19), number(18));
    let mut metrics = json!({});
    if let Some(inp) = inp {
        metrics["inp"] = inp.into();
    }
    if let Some(usable) = usable.or(left.map(|left| left + 1)) {
        metrics["usable"] = usable.into();
    }
    let mut events: Vec<Value> = Vec::new();
    events
        .extend((0..number(15).unwrap_or(0)).map(|_| json!({"type": "error", "at": 10, "message": "x is undefined"})));
    events.extend((0..number(16).unwrap_or(0)).map(|_| json!({"type": "rage_click", "at": 20, "target": "button"})));
    if number(14) == Some(1) {
        events.push(json!({"type": "error", "at": 5, "message": "white page", "fatal": true}));
    }
    if !columns[7].is_empty() {
        let mut step = json!({"type": "step", "at": 0, "journey": columns[6], "step": columns[7]});
        if let Some(cents) = number(20) {
            (step["amount"], step["currency"]) = (json!(cents as f64 / 100.0), "EUR".into());
        }
        events.push(step);
    }
    let nav = if columns[8] == "back-forward-cache" { "bfcache" } else { columns[8] };
    let agent = match columns[10] {
        "mobile" => MOBILE,
        "desktop" => DESKTOP,
        _ => TABLET,
    };
    let mut snapshot = json!({
        "v": 1, "view": format!("view-{}", columns[0]), "seq": 0, "session": format!("session-{}", columns[4]),
        "visitor": format!("visitor-{}", columns[3]), "nav": nav, "url": format!("https://shop.example{}", columns[5]),
        "route": columns[5], "age": 60_000, "status": number(13), "hidden_at_start": number(12) == Some(1), "metrics": metrics,
        "events": events, "client": {"webdriver": number(11) == Some(1)}, "tags": {"tenant": columns[2]},
    });
    if let Some(left) = left {
        (snapshot["left"], snapshot["first_hidden"]) = (left.into(), left.into());
    }
    let at = rfc3339(number(1).unwrap() + moved_ms);
    json!({"at": at, "ua": agent, "country": columns[9], "snapshot": snapshot}).to_string() + "\n"
}

/// Holds a figure against one that was worked out, to nine places.
fn close(found: &Value, expected: &Value, scale: f64, what: &str) {
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
    let found = number(found).unwrap_or_else(|| panic!("{what} is {found}"));
    let expected = number(expected).unwrap() / scale;
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{what}: {found} is not {expected}");
}

/// The people hurt hard by each value of a dimension.
fn hard(impact: &Value, dimension: &str) -> Value {
    let segments = impact["by"][dimension].as_array().unwrap().iter();
    let hurt = segments.filter(|segment| segment["hard"].as_i64() > Some(0));
    hurt.map(|segment| (segment["value"].as_str().unwrap().to_owned(), segment["hard"].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[tokio::test]
async fn the_incident_of_the_vectors_is_told_as_it_was_worked_out() -> Result<()> {
    let all: Value = serde_json::from_str(&std::fs::read_to_string(vectors().join("impact_expected.json"))?)?;
    let expected = &all["expected"];
    let log = std::fs::read_to_string(vectors().join("impact_events.csv"))?;
    let window: Vec<i64> = all["incident_ms"].as_array().unwrap().iter().map(|ms| ms.as_i64().unwrap()).collect();
    // Page views are kept for 30 days: the log is moved so that the days to come back have just passed.
    let now_ms = SystemClock.now_ms();
    let end_ms = (now_ms - 6 * DAY_MS - 2 * HOUR_MS) / MINUTE_MS * MINUTE_MS;
    let moved_ms = end_ms - window[1];
    let (from, to) = (rfc3339(window[0] + moved_ms), rfc3339(end_ms));

    let dir = tempfile::tempdir()?;
    let felt = Felt::start(&["serve", "--data", "data", "--listen", "127.0.0.1:0"], dir.path())?;
    let api = Api::new(&felt.url, "shop");
    let lines: String = log.lines().skip(1).map(|line| import_line(line, moved_ms)).collect();
    let report = api.import(lines).await?;
    assert_eq!((&report["received"], &report["accepted"]), (&all["rows"], &all["rows"]), "{report}");
    api.until_views(all["human_rows"].as_u64().unwrap(), "range=28d&metrics=happiness").await?;
    api.until("summary?range=28d&metrics=happiness&who=all", |answer| answer["meta"]["views"] == all["rows"]).await?;

    let declared = json!({"title": "Checkout answered 502", "from": from, "to": to, "journey": "checkout"});
    let (status, body) = api.send("POST", "incidents", &declared).await?;
    assert_eq!(status, 201, "{body}");
    let id = body["data"]["id"].as_str().context("no id")?;
    let answer = api.call(&format!("incidents/{id}/impact")).await?;
    let told = &answer["data"];
    let named = api.call(&format!("impact?from={from}&to={to}&journey=checkout")).await?;
    assert_eq!((told, &answer["query"]), (&named["data"], &named["query"]), "both calls tell the same");
    assert_eq!(answer["meta"]["warnings"], json!([]));

    let (users, hurt) = (&expected["users"], &told["hurt"]);
    assert_eq!(told["exposed"]["visitors"], users["exposed"]);
    assert_eq!(told["exposed"]["recognised"], users["exposed"]);
    assert_eq!(hurt["hard"]["visitors"], users["affected_hard"]);
    assert_eq!(hurt["soft"]["visitors"], users["affected_soft"]);
    close(&hurt["hard"]["share"], &users["affected_share"], 1.0, "share");
    close(&hurt["hard"]["low"], &users["affected_share_ci95"][0], 1.0, "share, low");
    close(&hurt["hard"]["high"], &users["affected_share_ci95"][1], 1.0, "share, high");
    let each = hurt["hard"]["views"].as_f64().unwrap() / hurt["hard"]["visitors"].as_f64().unwrap();
    close(&json!(each), &users["failures_per_affected_user"], 1.0, "failures");
    assert_eq!(told["exposed"]["sessions"], expected["sessions"]["exposed"]);
    assert_eq!(hurt["hard"]["sessions"], expected["sessions"]["affected_hard"]);
    assert_eq!(hurt["hard"]["views"], expected["http_5xx_humans"]);
    for (name, dimension) in [("tenant", "tag:tenant"), ("country", "country"), ("device", "device"), ("page", "page")]
    {
        assert_eq!(hard(told, dimension), expected[format!("affected_users_by_{name}")], "{name}");
    }
    let ms = |value: &Value| value.as_i64().unwrap() + moved_ms;
    assert_eq!(hurt["first_failure"], rfc3339(ms(&expected["first_failure_ts_ms"])).as_str());
    assert_eq!(hurt["last_failure"], rfc3339(ms(&expected["last_failure_ts_ms"])).as_str());

    let (retries, wanted) = (&told["retries"], &expected["retries"]);
    for (found, name) in
        [("views", "count"), ("succeeded", "succeeded"), ("chains", "chains"), ("longest_chain", "longest_chain")]
    {
        assert_eq!(retries[found], wanted[name], "{name}");
    }
    close(&retries["amplification"], &wanted["amplification_checkout"], 1.0, "amplification");
    close(&retries["herd"], &expected["herd"]["peak_factor"], 1.0, "herd");
    assert_eq!(retries["herd_views"], expected["herd"]["human_views_per_minute_after"][0]);
    assert_eq!(told["gave_up"]["sessions"], wanted["sessions_that_gave_up"]);
    close(&told["gave_up"]["median_s"], &wanted["time_to_give_up_ms_p50"], 1_000.0, "time to give up");

    let journey = &told["journeys"][0];
    assert_eq!(told["journeys"].as_array().unwrap().len(), 1);
    for (prefix, span) in [("", "incident"), ("control_", "control")] {
        let wanted = &expected["journeys"][span];
        for (found, name) in [
            ("started", "started"),
            ("completed", "completed"),
            ("recovered", "recovered_24h"),
            ("abandoned", "abandoned"),
        ] {
            assert_eq!(journey[format!("{prefix}{found}")], wanted[name], "{span} {name}");
        }
    }
    for (last, step) in
        journey["abandoned_after"].as_array().unwrap().iter().zip(["none", "cart", "shipping", "payment"])
    {
        assert_eq!(last["count"], expected["journeys"]["incident"]["abandoned_by_last_step"][step], "{step}");
        assert_eq!(last["step"], if step == "none" { Value::Null } else { step.into() });
    }
    close(&journey["control_rate"], &expected["journeys"]["control"]["abandon_rate"], 1.0, "control rate");
    close(&journey["excess"], &expected["journeys"]["excess_abandoned"], 1.0, "excess");
    let started = journey["started"].as_f64().unwrap();
    let difference = &expected["journeys"]["abandon_rate_difference"];
    close(&json!(journey["low"].as_f64().unwrap() / started), &difference["lo"], 1.0, "difference, low");
    close(&json!(journey["high"].as_f64().unwrap() / started), &difference["hi"], 1.0, "difference, high");

    let (lost, wanted) = (&told["lost"], &expected["lost_customers"]);
    for (found, name) in [
        ("affected", "affected"),
        ("returned", "affected_returned"),
        ("controls", "controls"),
        ("controls_returned", "controls_returned"),
    ] {
        assert_eq!(lost[found], wanted[name], "{name}");
    }
    assert_eq!(lost["strata"].as_array().unwrap().len(), 4);
    for stratum in lost["strata"].as_array().unwrap() {
        let doing = if stratum["doing"] == "journey" { "checkout" } else { "browse" };
        let wanted = &wanted["strata"][format!("{}/{doing}", stratum["who"].as_str().unwrap())];
        for (found, name) in [
            ("affected", "affected"),
            ("returned", "affected_returned"),
            ("controls", "controls"),
            ("controls_returned", "controls_returned"),
            ("control_rate_from", "control_rate_from"),
        ] {
            assert_eq!(stratum[found], wanted[name], "{stratum}: {name}");
        }
        close(&stratum["control_rate"], &wanted["control_rate"], 1.0, "control rate");
    }
    close(&lost["visitors"], &wanted["lost"], 1.0, "lost");
    close(&lost["low"], &wanted["lost_ci95"][0], 1.0, "lost, low");
    close(&lost["high"], &wanted["lost_ci95"][1], 1.0, "lost, high");
    for (found, name) in [("rate_drop", "diff"), ("rate_drop_low", "lo"), ("rate_drop_high", "hi")] {
        close(&lost[found], &wanted["unstratified_return_rate_drop"][name], 1.0, name);
    }

    let (money, wanted) = (&told["money"], &expected["revenue"]);
    assert_eq!((&money["currency"], &money["orders"]), (&json!("EUR"), &wanted["orders_baseline_7d"]));
    for (found, name) in [
        ("average_order", "aov_cents"),
        ("immediate", "immediate_at_risk_cents"),
        ("per_returning_control", "revenue_per_returning_control_cents"),
        ("future", "future_at_risk_cents"),
        ("total", "total_at_risk_cents"),
    ] {
        close(&money[found], &wanted[name], 100.0, name);
    }

    for (found, name) in [
        ("views", "incident"),
        ("control_views", "control"),
        ("sessions", "incident_sessions"),
        ("control_sessions", "control_sessions"),
    ] {
        let (found, wanted) = (&told["happiness"][found], &expected["happiness"][name]);
        close(&found["value"], &wanted["happiness"], 1.0, name);
        close(&found["low"], &wanted["ci95"][0], 1.0, name);
        close(&found["high"], &wanted["ci95"][1], 1.0, name);
    }
    let summary = api.call(&format!("summary?metrics=happiness&from={from}&to={to}")).await?;
    let levels = metric(&summary, "happiness")["levels"].as_array().unwrap().iter().map(|level| level["count"].clone());
    assert_eq!(Value::from(levels.collect::<Vec<_>>()), expected["happiness"]["incident"]["counts"]);

    let minutes = told["minutes"].as_array().unwrap().iter();
    let of = |name: &str| Value::from(minutes.clone().map(|minute| minute[name].clone()).collect::<Vec<_>>());
    assert_eq!(of("views"), expected["per_minute"]["human_views"]);
    assert_eq!(of("failed"), expected["per_minute"]["human_failed"]);
    assert_eq!(told["control"]["views"], 507);

    let words =
        told["paragraphs"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect::<Vec<_>>().join("\n");
    for part in [
        "163 people saw 561 page views in 163 visits. A page failed 64 of them (39 %, 95 % interval 32 to 47 %), 106 times in all.",
        "47 more had a painful page",
        "/checkout/shipping (46 of ",
        "tried the same page again 59 times, of which 21 worked",
        "1.23 times",
        "96 visits took a step of checkout: 27 finished, 1 came back within a day and finished then, 68 did not.",
        "33 of 94 did not: that makes 34 abandoned beyond the usual (95 % interval 21 to 46)",
        "Of the 64 people whom a page failed and who can be recognised 17 came back within six days; of 142 people like them a week earlier 89 did.",
        "that is 25 who did not come back though they otherwise would have (95 % interval 17 to 34)",
        "62.04 EUR (80 orders in the week before)",
        "2,127.87 EUR",
        "218.62 EUR: 2,346.50 EUR in all",
    ] {
        assert!(words.contains(part), "{part:?} is missing in\n{words}");
    }
    assert!(felt.stop()?.success());
    Ok(())
}
