//! Clocks that are wrong, the server's and the client's. The server's clock dates what arrives and nothing else: deadlines and rates follow
//! the monotonic one. The client's is never asked: it says how long ago, and that is believed for a day.

mod support;

use felt_schema::clock::Clock;
use support::{Felt, NOW_MS, Request};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

#[tokio::test]
async fn a_server_clock_that_steps_dates_records_and_breaks_nothing() {
    let felt = Felt::start().await;
    // Back an hour, on a day, across a leap second's place, before 1970, far ahead.
    let steps = [0, -HOUR_MS, DAY_MS, 1, -1, -NOW_MS, -NOW_MS - DAY_MS, 80 * 365 * DAY_MS, 0];
    for (number, step) in steps.into_iter().enumerate() {
        felt.clock.set(NOW_MS + step);
        assert_eq!(felt.clock.now_ms(), NOW_MS + step);
        let good = felt.send(Request::beacon(support::snapshot(number))).await;
        assert_eq!(good.status, 204, "at {step}: {}", good.text());
        assert_eq!(felt.send(Request::beacon("nonsense")).await.status, 400, "at {step}");
        assert_eq!(felt.send(Request::get("/readyz")).await.status, 200, "at {step}");
    }
    let log = felt.stop().await;
    let mut arrivals: Vec<i64> = log.views.iter().map(|view| view.received_at_ms - NOW_MS).collect();
    arrivals.sort_unstable();
    let mut expected = steps.to_vec();
    expected.sort_unstable();
    assert_eq!(arrivals, expected);
    assert!(log.views.iter().all(|view| view.started_at() == view.received_at_ms - 1_500));
    assert_eq!(log.refused["not_json"], steps.len() as u64);
}

#[tokio::test]
async fn a_client_clock_can_move_a_view_by_a_day_at_most() {
    let felt = Felt::start().await;
    let table = [
        ("0", 0),
        ("1500.4", 1_500),
        ("86400000", DAY_MS),
        ("86400001", DAY_MS),
        ("31536000000000", DAY_MS),
        ("8640000000000000", DAY_MS),
        ("1e308", DAY_MS),
        ("1e400", 0),
        ("-1", 0),
        ("-8640000000000000", 0),
        ("9223372036854775807", DAY_MS),
        ("-9223372036854775808", 0),
        ("null", 0),
        ("\"yesterday\"", 0),
        ("[1]", 0),
    ];
    for (number, (age, _)) in table.iter().enumerate() {
        let body = format!(r#"{{"view":"view{number:08}","age":{age},"left":{age},"first_hidden":{age}}}"#);
        assert_eq!(felt.send(Request::beacon(body)).await.status, 204, "{age}");
    }
    let log = felt.stop().await;
    assert_eq!(log.views.len(), table.len());
    for view in &log.views {
        let number: usize = view.snapshot.view.trim_start_matches("view").parse().unwrap();
        let (age, back) = table[number];
        assert_eq!(NOW_MS - view.started_at(), back, "{age}");
    }
}
