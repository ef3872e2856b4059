//! Whether a Felt runs at the address, and what it says of itself.

use std::net::SocketAddr;
use std::time::Duration;

use super::Finding;

const CHECK: &str = "service";
/// Longest wait for its answer.
const ANSWER_WAIT: Duration = Duration::from_secs(5);

/// Asks `/readyz`.
pub async fn check(address: SocketAddr) -> Finding {
    let asked = match reqwest::Client::builder().timeout(ANSWER_WAIT).build() {
        Ok(http) => http.get(format!("http://{address}/readyz")).send().await,
        Err(error) => return Finding::warning(CHECK, format!("it cannot be asked: {error}"), ""),
    };
    let answer = match asked {
        Ok(answer) => answer,
        Err(error) if error.is_connect() => {
            return Finding::ok(CHECK, format!("nothing listens on {address}: felt does not run there"));
        }
        Err(error) => {
            return Finding::fault(
                CHECK,
                format!("what listens on {address} does not answer: {error}"),
                "look at its log; stop it and start it again",
            );
        }
    };
    let status = answer.status();
    let said = answer.text().await.unwrap_or_default();
    let said = said.trim();
    let short: String = said.chars().take(500).collect();
    if status.is_success() && !said.contains("degraded") {
        Finding::ok(CHECK, format!("felt at {address} is ready"))
    } else if status.is_success() {
        Finding::warning(
            CHECK,
            format!("felt at {address} works, degraded: {short}"),
            "mend what it names; meanwhile nothing is lost",
        )
    } else {
        Finding::fault(CHECK, format!("felt at {address} is not ready ({status}): {short}"), "mend what it names")
    }
}
