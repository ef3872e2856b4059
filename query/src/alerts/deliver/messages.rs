//! An alert in each receiver's own words.

use super::super::limits::BELIEVED_MS;
use super::super::record::RESOLVED;
use super::super::routes::{Receiver, Route};
use super::send::Message;
use crate::grammar::rfc3339;
use felt_schema::rows::AlertRow;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// The address of the screen that shows it.
pub fn link(public_url: Option<&str>, site: &str, slo: &str) -> String {
    format!("{}/sites/{site}/promises?slo={slo}", public_url.unwrap_or_default().trim_end_matches('/'))
}

/// What is posted to a route that hears of changes one by one.
pub fn message(route: &Route, alert: &AlertRow, change: &str, url: &str, now_ms: i64) -> Message {
    match route.receiver {
        Receiver::Webhook => webhook(route, alert, change, url, now_ms),
        Receiver::Slack => plain(slack(alert, change, url)),
        Receiver::PagerDuty => plain(pagerduty(route, alert, change, url)),
        Receiver::Alertmanager => plain(alertmanager(std::slice::from_ref(alert), |_| url.to_owned(), now_ms)),
    }
}

fn plain(body: Value) -> Message {
    Message { body: body.to_string(), headers: Vec::new() }
}

fn minute(minute: i64) -> String {
    rfc3339(minute * 60_000)
}

fn minute_or_null(at: i64) -> Value {
    if at == 0 { Value::Null } else { minute(at).into() }
}

/// Our own JSON, signed over the time and the body, so that neither can be changed nor sent again later.
fn webhook(route: &Route, alert: &AlertRow, change: &str, url: &str, now_ms: i64) -> Message {
    let body = json!({
        "id": alert.id, "change": change, "site": alert.site, "slo": alert.slo, "promise": alert.promise, "rule": alert.rule,
        "severity": alert.severity, "since": minute(alert.since), "resolved": minute_or_null(alert.resolved), "words": alert.words,
        "page": if alert.page.is_empty() { Value::Null } else { alert.page.as_str().into() }, "url": url,
        "acknowledged_by": if alert.acknowledged_by.is_empty() { Value::Null } else { alert.acknowledged_by.as_str().into() },
    })
    .to_string();
    let time_s = now_ms.div_euclid(1_000);
    let signature = signature(route.secret.reveal(), time_s, &body);
    let headers = vec![
        ("felt-signature", format!("t={time_s},v1={signature}")),
        // The same for every try of the same thing.
        ("felt-delivery", format!("{}-{change}", alert.id)),
    ];
    Message { body, headers }
}

/// HMAC-SHA-256 of `TIME.BODY` in hexadecimal.
pub fn signature(secret: &str, time_s: i64, body: &str) -> String {
    // A key of any length is taken, so this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(format!("{time_s}.{body}").as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn slack(alert: &AlertRow, change: &str, url: &str) -> Value {
    // `&`, `<` and `>` are all that Slack reads as its own.
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let sign = match (change, alert.severity.as_str()) {
        ("resolved", _) => ":white_check_mark:",
        (_, "page") => ":rotating_light:",
        _ => ":warning:",
    };
    let words = escaped(&alert.words);
    let link = if url.starts_with("http") { format!(" <{}|Look>", escaped(url)) } else { String::new() };
    json!({
        "text": format!("{sign} {words}"),
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": format!("{sign} {words}{link}")}}],
    })
}

/// <https://developer.pagerduty.com/docs/events-api-v2/trigger-events/>
fn pagerduty(route: &Route, alert: &AlertRow, change: &str, url: &str) -> Value {
    let action = match change {
        "resolved" => "resolve",
        "acknowledged" => "acknowledge",
        _ => "trigger",
    };
    let mut event = json!({"routing_key": route.secret.reveal(), "event_action": action, "dedup_key": alert.id});
    if action == "trigger" {
        let severity = if alert.severity == "page" { "critical" } else { "warning" };
        // PagerDuty takes 1,024 characters.
        let summary: String = alert.words.chars().take(1_024).collect();
        event["payload"] = json!({"summary": summary, "source": format!("felt/{}", alert.site), "severity": severity,
            "timestamp": minute(alert.since), "component": alert.slo, "class": alert.rule, "custom_details": {"page": alert.page}});
        if url.starts_with("http") {
            event["links"] = json!([{"href": url, "text": "Look"}]);
        }
    }
    event
}

/// The body of `POST /api/v2/alerts`: <https://prometheus.io/docs/alerting/latest/alerts_api/>.
pub fn alertmanager(alerts: &[AlertRow], link: impl Fn(&AlertRow) -> String, now_ms: i64) -> Value {
    let one = |alert: &AlertRow| {
        let ends = if alert.state == RESOLVED { minute(alert.resolved) } else { rfc3339(now_ms + BELIEVED_MS) };
        let url = link(alert);
        let mut one = json!({
            "labels": {"alertname": "FeltBudgetBurns", "site": alert.site, "slo": alert.slo, "rule": alert.rule, "severity": alert.severity},
            "annotations": {"summary": alert.promise, "description": alert.words, "page": alert.page, "id": alert.id},
            "startsAt": minute(alert.since), "endsAt": ends,
        });
        if url.starts_with("http") {
            one["generatorURL"] = url.into();
        }
        one
    };
    alerts.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_anybodys_hmac() {
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac secret
        assert_eq!(signature("secret", 1_700_000_000, "{}"), EXPECTED);
    }

    const EXPECTED: &str = "b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163";
}
