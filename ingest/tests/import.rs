//! Imports over a real socket and into a real log.

mod support;

use felt_eventlog::AppendError;
use felt_http::{Authorize, Denied, Scope};
use std::sync::Arc;
use support::{Answer, Felt, Mood, Moody, NOW_MS, Options, Request, gzip, snapshot};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PATH: &str = "/api/v1/sites/shop/import";

fn line(number: usize) -> String {
    format!(
        "{{\"at\":\"2024-03-01T10:00:00.5Z\",\"ua\":\"Mozilla/5.0\",\"country\":\"de\",\"region\":\"BE\",\"snapshot\":{}}}\n",
        snapshot(number)
    )
}

fn lines(count: usize) -> String {
    (0..count).map(line).collect()
}

#[tokio::test]
async fn a_line_becomes_a_view_that_began_when_it_says() {
    let felt = Felt::start().await;
    let answer = felt.send(Request::post(PATH, line(1))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json(), serde_json::json!({"received": 1, "accepted": 1, "refused": {}, "faults": []}));
    let log = felt.stop().await;
    let view = &log.views[0];
    assert_eq!((view.received_at_ms, view.started_at_ms), (NOW_MS, Some(1_709_287_200_500)));
    assert_eq!((&*view.country, &*view.region, &*view.ua), ("DE", "BE", "Mozilla/5.0"));
}

#[tokio::test]
async fn many_lines_arrive_packed_or_not_and_cut_anywhere() {
    let felt = Felt::start().await;
    let body = lines(5_000);
    for (body, header) in [(body.clone().into_bytes(), None), (gzip(&body), Some("gzip")), (gzip(&body), None)] {
        let mut request = Request::post(PATH, body);
        if let Some(encoding) = header {
            request = request.header("content-encoding", encoding);
        }
        let answer = felt.send(request).await;
        assert_eq!((answer.status, answer.json()["accepted"].as_u64()), (200, Some(5_000)));
    }
    assert_eq!(felt.stop().await.views.len(), 15_000);
}

#[tokio::test]
async fn each_bad_line_is_refused_with_its_reason_and_what_would_mend_it() {
    let felt = Felt::start().await;
    let at = |at: &str| format!("{{\"at\":\"{at}\",\"snapshot\":{}}}\n", snapshot(1));
    let long = format!("{{\"at\":\"2024-03-01T10:00:00Z\",\"x\":\"{}\"}}\n", "x".repeat(1 << 20));
    let table: [(String, &str); 15] = [
        ("nonsense\n".into(), "not_json"),
        ("{\"at\":\n".into(), "not_json"),
        ("[]\n".into(), "invalid_field"),
        ("{\"at\":7}\n".into(), "invalid_field"),
        (format!("{{\"snapshot\":{}}}\n", snapshot(1)), "no_at"),
        (at("yesterday"), "invalid_at"),
        (at("2024-03-01"), "invalid_at"),
        (at("2024-03-01T10:00:00"), "invalid_at"),
        (at("1969-12-31T23:59:59Z"), "invalid_at"),
        (at("2026-11-22T10:47:01Z"), "at_in_future"),
        ("{\"at\":\"2024-03-01T10:00:00Z\"}\n".into(), "no_snapshot"),
        ("{\"at\":\"2024-03-01T10:00:00Z\",\"snapshot\":{}}\n".into(), "invalid_view"),
        ("{\"at\":\"2024-03-01T10:00:00Z\",\"snapshot\":7}\n".into(), "not_json"),
        (long, "line_too_long"),
        ("\u{fffd}\n".into(), "not_json"),
    ];
    let good = at("2026-11-22T10:46:59Z") + "\r\n \n" + &at("2024-03-01T10:00:00+02:00") + line(3).trim_end();
    let bad: String = table.iter().map(|(line, _)| line.as_str()).collect();
    let answer = felt.send(Request::post(PATH, bad + &good)).await;
    let json = answer.json();
    assert_eq!((answer.status, &json["received"], &json["accepted"]), (200, &18.into(), &3.into()), "{json}");
    let faults = json["faults"].as_array().unwrap();
    assert_eq!(faults.len(), table.len());
    for (index, (fault, (_, reason))) in faults.iter().zip(&table).enumerate() {
        assert_eq!(
            (fault["line"].as_u64(), fault["reason"].as_str()),
            (Some(index as u64 + 1), Some(*reason)),
            "{fault}"
        );
        assert!(fault["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{fault}");
    }
    let refused: u64 = json["refused"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(refused, 15);
    let log = felt.stop().await;
    assert_eq!((log.views.len(), log.received()), (3, 18), "the site's health has the refusals too");
}

#[tokio::test]
async fn an_import_without_a_good_line_is_400_with_the_same_report() {
    let felt = Felt::start().await;
    for (body, received) in [(String::new(), 0), ("x\n".repeat(30), 30), ("\n\n".into(), 0)] {
        let answer = felt.send(Request::post(PATH, body)).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "no-valid-line"));
        assert_eq!(answer.json()["received"], received);
        assert_eq!(answer.json()["faults"].as_array().unwrap().len(), received.min(20));
    }
    let good = gzip(lines(3_000));
    let answer = felt.send(Request::post(PATH, &good[..good.len() / 2]).header("content-encoding", "gzip")).await;
    assert_eq!((answer.status, answer.problem().as_str()), (400, "bad-gzip"));
    let accepted = answer.json()["accepted"].as_u64().unwrap();
    let answer = felt.send(Request::post(PATH, line(1)).header("content-encoding", "br")).await;
    assert_eq!(answer.status, 415);
    let answer = felt.send(Request::post("/api/v1/sites/none/import", line(1))).await;
    assert_eq!((answer.status, answer.problem().as_str()), (404, "not-found"));
    assert_eq!(felt.send(Request::get(PATH)).await.status, 405);
    assert_eq!(felt.stop().await.views.len() as u64, accepted, "what is told to be accepted is durable");
}

#[tokio::test]
async fn only_an_admin_of_the_site_may_import() {
    struct Table;
    #[async_trait::async_trait]
    impl Authorize for Table {
        async fn authorize(&self, bearer: Option<&str>, site: &str, scope: Scope) -> Result<(), Denied> {
            match bearer {
                None => Err(Denied::NoToken),
                Some("good") if site == "shop" && scope == Scope::Admin => Ok(()),
                Some("good") => Err(Denied::NotGranted(scope)),
                Some(_) => Err(Denied::UnknownToken),
            }
        }
    }
    let felt = Felt::start_with(Options { authorize: Arc::new(Table), ..Options::default() }).await;
    let ask = |site: &str, token: Option<&str>| {
        let request = Request::post(&format!("/api/v1/sites/{site}/import"), line(1));
        token.into_iter().fold(request, |request, token| request.header("authorization", format!("Bearer {token}")))
    };
    assert_eq!(felt.send(ask("shop", None)).await.status, 401);
    assert_eq!(felt.send(ask("shop", Some("bad"))).await.status, 401);
    assert_eq!(felt.send(ask("open", Some("good"))).await.status, 403);
    assert_eq!(felt.send(ask("none", Some("good"))).await.status, 403, "nobody learns which sites there are");
    assert_eq!(felt.send(ask("shop", Some("good"))).await.status, 200);
    assert_eq!(felt.stop().await.views.len(), 1);
}

#[tokio::test]
async fn an_import_may_take_longer_than_any_other_request_but_not_fall_silent() {
    let mut options = Options::default();
    options.limits.body_timeout_ms = 50;
    options.limits.answer_timeout_ms = 50;
    options.ingest.import_idle_timeout_ms = 1_500;
    let felt = Felt::start_with(options).await;
    let head = format!("POST {PATH} HTTP/1.1\r\nhost: felt\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n");
    let chunk = |text: String| format!("{:x}\r\n{text}\r\n", text.len());
    let mut stream = TcpStream::connect(felt.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    for number in 0..5 {
        stream.write_all(chunk(line(number)).as_bytes()).await.unwrap();
        // Each pause is as long as the deadlines that an import is free of.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(Answer::parse(&answer).json()["accepted"], 5);

    let mut silent = TcpStream::connect(felt.address).await.unwrap();
    silent.write_all(format!("{head}{}", chunk(line(7))).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = silent.read_to_end(&mut answer).await;
    let answer = Answer::parse(&answer);
    assert_eq!((answer.status, answer.problem().as_str()), (408, "body-too-slow"));
    assert_eq!(answer.json()["accepted"], 1);
    assert_eq!(felt.stop().await.views.len(), 6);
}

#[tokio::test]
async fn an_import_waits_for_a_log_that_is_away_and_then_says_how_far_it_came() {
    let (mut options, mood) = Moody::options(Mood::Refusing(AppendError::Transient("broker away".into())));
    options.ingest.import_wait_ms = 0;
    let felt = Felt::start_with(options).await;
    let answer = felt.send(Request::post(PATH, lines(10))).await;
    assert_eq!((answer.status, answer.problem().as_str()), (503, "not-durable"));
    assert_eq!(answer.json()["accepted"], 0);
    *mood.lock().unwrap() = Mood::Well;
    assert_eq!(felt.send(Request::post(PATH, lines(10))).await.status, 200);

    *mood.lock().unwrap() = Mood::Refusing(AppendError::Full { bytes: 1, bytes_max: 1 });
    let (options, mood) = Moody::options(Mood::Refusing(AppendError::Full { bytes: 1, bytes_max: 1 }));
    let patient = Felt::start_with(options).await;
    let recover = async {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        *mood.lock().unwrap() = Mood::Well;
    };
    let (answer, ()) = tokio::join!(patient.send(Request::post(PATH, lines(10))), recover);
    assert_eq!((answer.status, &answer.json()["accepted"]), (200, &10.into()));
    assert_eq!(patient.stop().await.views.len(), 10);
}
