//! Two independent parsers of uap-core's list agree on uap-core's own test headers and on every known crawler.
//!
//! `fixtures/user_agents.txt` is a sample of uap-core's `tests/*.yaml` (Apache-2.0), one header a line.

use felt_processor::user_agent::{MAJOR_MAX, OTHER, parse};
use uaparser::{Parser, UserAgentParser};

fn third_party(path: &str) -> Vec<u8> {
    let path = format!("{}/../third-party/node_modules/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}; run `make setup`"))
}

fn headers() -> Vec<String> {
    let mut headers: Vec<String> = include_str!("fixtures/user_agents.txt").lines().map(str::to_owned).collect();
    let crawlers: serde_json::Value =
        serde_json::from_slice(&third_party("crawler-user-agents/crawler-user-agents.json")).expect("the list is JSON");
    let instances = crawlers.as_array().expect("an array").iter().filter_map(|entry| entry["instances"].as_array());
    headers.extend(instances.flatten().filter_map(|header| header.as_str()).step_by(5).map(str::to_owned));
    // Both are asked for the same bytes.
    headers.retain(|header| header.len() <= felt_processor::user_agent::HEADER_BYTES_MAX);
    headers
}

#[test]
fn both_parsers_agree() {
    let oracle = UserAgentParser::from_bytes(&third_party("uap-core/regexes.yaml")).expect("the list compiles");
    let headers = headers();
    assert!(headers.len() >= 1_000, "only {} headers", headers.len());
    let mut differences = Vec::new();
    for header in &headers {
        let (ours, theirs) = (parse(header), oracle.parse(header));
        // A name that no person could read is refused here and passed on there.
        let readable = |name: &str, ours: &str| ours == OTHER || name == ours;
        let major = theirs.user_agent.major.as_deref().and_then(|major| major.parse::<u16>().ok());
        let major = major.filter(|major| *major <= MAJOR_MAX).map(|major| major.to_string()).unwrap_or_default();
        if !readable(&theirs.user_agent.family, &ours.browser)
            || !readable(&theirs.os.family, &ours.os)
            || major != ours.browser_version
        {
            differences.push(format!(
                "{header}\n  ours {}/{} on {}, theirs {}/{major} on {}",
                ours.browser, ours.browser_version, ours.os, theirs.user_agent.family, theirs.os.family
            ));
        }
    }
    assert!(differences.is_empty(), "{} of {}:\n{}", differences.len(), headers.len(), differences.join("\n"));
}

#[test]
fn nearly_every_name_is_believed() {
    let headers = headers();
    let oracle = UserAgentParser::from_bytes(&third_party("uap-core/regexes.yaml")).expect("the list compiles");
    let doubted = headers.iter().filter(|header| {
        let theirs = oracle.parse(header).user_agent.family;
        theirs != OTHER && parse(header).browser == OTHER
    });
    let doubted = doubted.count();
    assert!(doubted * 50 < headers.len(), "{doubted} of {} browsers are not believed", headers.len());
}
