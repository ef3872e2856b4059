//! What the demo's shop says about itself: what it promises, which releases went out, and the afternoon on which payment failed.
//!
//! Told through the API as anybody would, once: whoever changes or deletes a mark finds it so at the next start.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::rfc3339;
use super::story::{RELEASES, Story};

/// Tells the marks to the Felt at `url`.
///
/// # Errors
/// When one of them is refused.
pub async fn tell(url: &str, site: &str, story: &Story) -> Result<()> {
    let http = reqwest::Client::builder().build().context("the HTTP client cannot be made")?;
    for (method, call, body) in marks(story) {
        let mut request = http.request(method, format!("{url}/api/v1/sites/{site}/{call}")).json(&body);
        // The service is on loopback and open; this says that no other site's page asks.
        request = request.header("x-felt-csrf", "1");
        let answer = request.send().await.with_context(|| format!("{call} cannot be reached"))?;
        let status = answer.status();
        ensure!(status.is_success(), "{call} was refused: {status}: {}", answer.text().await.unwrap_or_default());
    }
    Ok(())
}

fn marks(story: &Story) -> Vec<(reqwest::Method, String, Value)> {
    let put = |call: &str, body: Value| (reqwest::Method::PUT, call.to_owned(), body);
    let incident = story.incident_ms();
    let mut marks = vec![
        put(
            "slos/product-fast",
            json!({"promise": "Product pages open within 2.5 seconds", "objective": 0.75,
                "sli": {"kind": "fast", "metric": "lcp", "at_most": 2500, "of": "views", "filters": ["page:is:/shop/p/:id"]},
                "window": {"rolling": "28d"}, "budgeting": {"method": "occurrences"}}),
        ),
        put(
            "slos/checkout-works",
            json!({"promise": "Checkout works", "objective": 0.99,
                "sli": {"kind": "works", "of": "views", "filters": ["page:glob:/shop/checkout/*"]},
                "window": {"rolling": "28d"}, "budgeting": {"method": "occurrences"}}),
        ),
        put(
            "incidents/payment-failed",
            json!({"title": "Payment failed", "from": rfc3339(incident.start), "to": rfc3339(incident.end), "journey": "checkout",
                "note": "The payment service answered 502. Mended by restarting it; its connection pool had been exhausted."}),
        ),
    ];
    // As its CI would have said when each was put live.
    marks.extend(RELEASES.iter().map(|release| {
        let at = rfc3339(story.put_live_ms(release));
        let body = json!({"release": release.name, "at": at, "note": release.note});
        (reqwest::Method::POST, "releases".to_owned(), body)
    }));
    marks
}
