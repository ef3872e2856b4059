//! Journeys: who began them, who finished, where the others left, what was lost, and what waiting does.

use super::support::{DAY_MS, HOUR_MS, Service, judged};
use axum::http::StatusCode;
use felt_schema::anchors::Level;
use felt_schema::rows::{EventRow, PageViewRow};
use serde_json::{Value, json};

const MINUTE_MS: i64 = 60_000;

/// A view of `page` in `session`, `ago_ms` ago.
pub fn view(service: &Service, session: &str, page: &str, ago_ms: i64) -> PageViewRow {
    PageViewRow { session: session.into(), page: page.into(), ..judged(service.view(ago_ms), Level::Delighted, None) }
}

/// The event by which a view reaches a step.
pub fn step(view: &PageViewRow, n: u16, after_ms: i64, journey: &str, step: &str) -> EventRow {
    EventRow {
        site: view.site.clone(),
        day: view.day,
        received_at: view.received_at,
        at: view.started_at + after_ms,
        view: view.view.clone(),
        session: view.session.clone(),
        page: view.page.clone(),
        n,
        seq: view.seq,
        sign: 1,
        kind: "step".into(),
        name: journey.into(),
        step: step.into(),
        bot: view.bot.clone(),
        ..EventRow::default()
    }
}

pub fn checkout() -> Value {
    json!({"name": "Check out", "within_s": 120, "steps": [
        {"name": "Cart", "page": "/cart"}, {"name": "Address", "page": "/checkout/*"}, {"name": "Paid", "step": "paid"}
    ]})
}

async fn rows(service: &Service, path: &str) -> Vec<Value> {
    service.get(&format!("/api/v1/sites/shop/{path}")).await["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_journey_by_pages_and_events_is_told_with_its_steps() {
    let service = Service::start().await;
    let answer = service.json("PUT", "/api/v1/sites/shop/journeys/checkout", &checkout()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    assert_eq!(answer.json()["data"]["steps"][1], json!({"name": "Address", "page": "/checkout/*"}));

    let start = HOUR_MS;
    let (mut views, mut events) = (Vec::new(), Vec::new());
    let mut visit = |name: &str, pages: &[(&str, i64)], paid_after_s: Option<i64>| {
        for (index, (page, after_s)) in pages.iter().enumerate() {
            let view = view(&service, name, page, start - after_s * 1_000);
            if let (true, Some(paid_after_s)) = (index + 1 == pages.len(), paid_after_s) {
                events.push(step(&view, 0, (paid_after_s - after_s) * 1_000, "checkout", "paid"));
            }
            views.push(view);
        }
    };
    visit("in-time", &[("/cart", 0), ("/checkout/address", 20)], Some(60));
    visit("slow", &[("/cart", 0), ("/checkout/address", 40)], Some(300));
    // Who skips a step has passed it.
    visit("skips", &[("/cart", 0), ("/express", 50)], Some(100));
    visit("leaves-at-address", &[("/cart", 0), ("/checkout/address", 30)], None);
    visit("leaves-at-cart", &[("/cart", 0)], None);
    // Began somewhere else: the address before the cart is no step after it.
    visit("backwards", &[("/checkout/address", 0), ("/cart", 10)], None);
    visit("never-began", &[("/checkout/address", 0)], Some(5));
    // A payment on a view that failed completes nothing.
    visit("fails", &[("/cart", 0), ("/checkout/address", 25)], Some(70));
    let failed = views.iter_mut().rfind(|view| view.session == "fails").unwrap();
    (failed.failed, failed.level) = (1, 3);
    // A bot, and an amount that was worth something.
    let mut bot = view(&service, "bot", "/cart", start);
    bot.bot = "crawler".into();
    views.push(bot);
    let mut worth = |session: &str, amount: f64, currency: &str| {
        let cart = views.iter().find(|view| view.session == session && view.page == "/cart").unwrap();
        events.push(EventRow {
            value: amount,
            currency: currency.into(),
            ..step(cart, 3, 1_000, "checkout", "basket")
        });
    };
    worth("in-time", 99.0, "EUR");
    worth("leaves-at-cart", 10.5, "EUR");
    worth("leaves-at-address", 20.0, "EUR");
    worth("fails", 7.0, "CHF");
    // Events that a later snapshot of the view told anew count once, and a view that was taken back not at all.
    let again = events[0].clone();
    events.push(EventRow { sign: -1, ..again.clone() });
    events.push(EventRow { seq: 1, ..again });
    let gone = view(&service, "gone", "/cart", start);
    views.push(PageViewRow { sign: -1, ..gone.clone() });
    views.push(gone);
    service.write(&views).await;
    service.events(&events).await;

    let journey = rows(&service, "journeys?range=24h").await.remove(0);
    for (column, wanted) in [
        ("id", json!("checkout")),
        ("name", json!("Check out")),
        ("defined", json!(true)),
        ("started", json!(7)),
        ("completed", json!(3)),
        ("abandoned", json!(4)),
        ("failed", json!(1)),
        ("views", json!(12)),
        ("judged", json!(12)),
        // Of 11 delighted ones and a brutal one.
        ("happiness", json!(91.666666667)),
        ("median_s", json!(100)),
        ("p75_s", json!(300)),
        ("within_s", json!(120)),
        ("in_time", json!(2)),
        ("lost_amount", json!(30.5)),
        ("currency", json!("EUR")),
    ] {
        assert_eq!(journey[column], wanted, "{column}: {journey}");
    }
    assert!((journey["completion"].as_f64().unwrap() - 3.0 / 7.0).abs() < 1e-9);
    assert!((journey["in_time_share"].as_f64().unwrap() - 2.0 / 7.0).abs() < 1e-9);
    let whole = service.get("/api/v1/sites/shop/journeys/checkout?range=24h").await;
    assert_eq!(whole["data"]["started"], 7);
    assert_eq!(whole["data"]["definition"], checkout());
    assert!(whole["meta"]["warnings"][0].as_str().unwrap().contains("7.00 CHF"), "{whole}");

    let funnel = rows(&service, "journeys/checkout/funnel?range=24h").await;
    let counts = |column: &str| funnel.iter().map(|row| row[column].as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(counts("entered"), [7, 5, 4]);
    assert_eq!(counts("continued"), [5, 4, 3]);
    assert_eq!(counts("left"), [2, 1, 1]);
    assert_eq!(counts("timed"), [4, 3, 0], "{funnel:?}");
    assert_eq!(counts("judged"), [7, 4, 4]);
    assert_eq!(counts("failed_views"), [0, 1, 1]);
    // From the cart to the address: 20, 25, 30, 40 s; from there to the payment: 40, 45, 260 s.
    assert_eq!((&funnel[0]["median_s"], &funnel[0]["p75_s"]), (&json!(25), &json!(30)));
    assert_eq!((&funnel[1]["median_s"], &funnel[1]["p75_s"]), (&json!(45), &json!(260)));
    assert_eq!(
        (&funnel[2]["step"], &funnel[2]["median_s"], &funnel[2]["drop_off"]),
        (&json!("Paid"), &Value::Null, &json!(0.25))
    );
    assert_eq!(funnel[1]["happiness"], 75);

    let bots = rows(&service, "journeys?range=24h&who=bots").await;
    assert_eq!((&bots[0]["started"], &bots[0]["completed"]), (&json!(1), &json!(0)));
    let of_desktop = rows(&service, "journeys?range=24h&f=device:is:desktop").await;
    assert_eq!(of_desktop[0]["started"], 0);
    assert_eq!(of_desktop[0]["completion"], Value::Null);
}

#[tokio::test]
async fn journeys_that_only_events_tell_are_there_without_a_definition() {
    let service = Service::start().await;
    let (mut views, mut events) = (Vec::new(), Vec::new());
    for (session, steps) in [
        ("one", &["name", "address", "done"][..]),
        ("two", &["name", "address"]),
        ("three", &["name"]),
        ("four", &["name", "done"]),
    ] {
        // All of it in one view, as in an application of a single page.
        let view = view(&service, session, "/sign-up", 2 * DAY_MS);
        let told = steps.iter().zip(0..).map(|(name, n)| step(&view, n, i64::from(n) * 5_000, "sign up", name));
        events.extend(told);
        views.push(view);
    }
    service.write(&views).await;
    service.events(&events).await;
    let journey = rows(&service, "journeys?range=7d").await.remove(0);
    assert_eq!((&journey["id"], &journey["defined"], &journey["steps"]), (&json!("sign up"), &json!(false), &json!(3)));
    assert_eq!((&journey["started"], &journey["completed"], &journey["views"]), (&json!(4), &json!(2), &json!(4)));
    assert_eq!(
        (&journey["median_s"], &journey["lost_amount"], &journey["in_time"]),
        (&json!(5), &Value::Null, &Value::Null)
    );
    let funnel = rows(&service, "journeys/sign%20up/funnel?range=7d").await;
    let steps: Vec<(&str, i64)> =
        funnel.iter().map(|row| (row["step"].as_str().unwrap(), row["entered"].as_i64().unwrap())).collect();
    assert_eq!(steps, [("name", 4), ("address", 3), ("done", 2)]);

    // Once somebody says what it is, that holds; and when it is taken back, events tell it again.
    let short =
        json!({"name": "Sign up", "steps": [{"name": "Name", "step": "name"}, {"name": "Address", "step": "address"}]});
    // Its id is what events call it, which is no id that one can define.
    let (status, path) = (
        service.json("PUT", "/api/v1/sites/shop/journeys/sign%20up", &short).await.status,
        "/api/v1/sites/shop/journeys/x",
    );
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(service.json("PUT", path, &short).await.status, StatusCode::CREATED);
    assert_eq!(service.json("PUT", path, &short).await.status, StatusCode::OK);
    assert_eq!(rows(&service, "journeys?range=7d").await.len(), 2);
    assert_eq!(service.json("DELETE", path, &Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(service.json("DELETE", path, &Value::Null).await.status, StatusCode::NOT_FOUND);
    assert_eq!(rows(&service, "journeys?range=7d").await.len(), 1);
    assert_eq!(service.ask("/api/v1/sites/shop/journeys/nothing/funnel", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_new_definition_is_asked_about_at_once_and_a_wrong_one_is_told_all_its_faults() {
    let service = Service::start().await;
    service.write(&[view(&service, "one", "/cart", HOUR_MS), view(&service, "two", "/shop", HOUR_MS)]).await;
    let path = "/api/v1/sites/shop/journeys/buy";
    for (page, started) in [("/cart", 1), ("/*", 2), ("/nothing", 0)] {
        let definition = json!({"name": "Buy", "steps": [{"name": "Begin", "page": page}]});
        service.json("PUT", path, &definition).await;
        assert_eq!(rows(&service, "journeys").await[0]["started"], started, "{page}");
        let funnel = service.get(&format!("{path}/funnel")).await;
        assert_eq!(funnel["data"][0]["entered"], started);
    }
    let wrong = json!({"nmae": "Buy", "within_s": 0, "steps": [
        {"name": "Begin", "page": "/cart", "step": "cart"}, {"name": "Pay", "step": "pay"}, {"name": "Again", "step": "pay"}, 3
    ]});
    let answer = service.json("PUT", path, &wrong).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let problem = answer.json();
    let fields: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["name", "within_s", "steps[0].step", "steps[2].step", "steps[3]", "nmae"]);
    assert_eq!(problem["did_you_mean"], "name");
    let plain = service.ask("/api/v1/sites/shop/journeys?vs=prev", &[]).await;
    assert_eq!(plain.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn completion_by_waiting_compares_like_with_like() {
    let service = Service::start().await;
    service
        .json(
            "PUT",
            "/api/v1/sites/shop/journeys/buy",
            &json!({"name": "Buy", "steps": [
                {"name": "Cart", "page": "/cart"}, {"name": "Thanks", "page": "/thanks"}
            ]}),
        )
        .await;
    let mut views = Vec::new();
    // Desktop completes 60 %, mobile 20 %, whether fast or slow; three in four slow ones are mobile.
    for (wait_ms, device, visits, completed) in
        [(900, "desktop", 30, 18), (900, "mobile", 10, 2), (5_000, "desktop", 10, 6), (5_000, "mobile", 30, 6)]
    {
        for visit in 0..visits {
            let session = format!("{wait_ms}-{device}-{visit}");
            let first = PageViewRow {
                device: device.into(),
                lcp: wait_ms * 1_000,
                ..view(&service, &session, "/cart", HOUR_MS)
            };
            if visit < completed {
                views.push(PageViewRow {
                    device: device.into(),
                    ..view(&service, &session, "/thanks", HOUR_MS - MINUTE_MS)
                });
            }
            views.push(first);
        }
    }
    views.push(view(&service, "unmeasured", "/cart", HOUR_MS));
    service.write(&views).await;
    let answer = service.get("/api/v1/sites/shop/journeys/buy/speed?range=24h").await;
    let data = answer["data"].as_array().unwrap();
    let spans: Vec<(&Value, &Value, &str)> =
        data.iter().map(|row| (&row["from_s"], &row["to_s"], row["level"].as_str().unwrap())).collect();
    assert_eq!(spans[0], (&json!(0), &json!(1), "delighted"));
    assert_eq!(spans[5], (&json!(5), &json!(8), "brutal"));
    assert_eq!(spans[6], (&json!(8), &Value::Null, "brutal"));
    assert_eq!(
        (&data[0]["started"], &data[0]["completed"], &data[0]["completion"]),
        (&json!(40), &json!(20), &json!(0.5))
    );
    assert_eq!(
        (&data[5]["started"], &data[5]["completed"], &data[5]["completion"]),
        (&json!(40), &json!(12), &json!(0.3))
    );
    for span in [0, 5] {
        let matched = data[span]["completion_matched"].as_f64().unwrap();
        assert!((matched - 0.4).abs() < 1e-9, "what remains is the waiting alone: {matched}");
        assert!(data[span]["low"].as_f64().unwrap() < 0.4 && data[span]["high"].as_f64().unwrap() > 0.4);
    }
    assert_eq!(data[1]["completion"], Value::Null);
    let words = answer["meta"]["words"].as_str().unwrap();
    assert!(
        words.contains("waited under 1 s") && words.contains("5 to 8 s") && words.matches("40 %").count() == 2,
        "{words}"
    );
    assert!(answer["meta"]["warnings"][0].as_str().unwrap().starts_with("1 visits are left out"), "{answer}");
}
