//! The demo's simulated visitors: what one hour of the shop looks like, as lines for `POST import`.
//!
//! An hour is drawn from its own seed, so that the same hour always holds the same page views and importing it twice
//! changes nothing. What happens in the shop over the weeks is told by [`Story`]; how people differ, by [`crowd`].

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::HashSet;

use super::crowd::{self, Person};
use super::regulars;
use super::story::{Page, Story};

/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 3_600_000;
/// The most pages anyone looks at in one session.
const VIEWS_PER_SESSION_MAX: usize = 9;
/// Share of sessions that are crawlers or scripts.
const BOT_SHARE: f64 = 0.05;

/// How busy each hour of the day is (UTC), one being the busiest.
const HOURS: [f64; 24] = [
    0.16, 0.10, 0.07, 0.06, 0.08, 0.16, 0.30, 0.46, 0.58, 0.66, 0.70, 0.74, 0.78, 0.74, 0.70, 0.72, 0.78, 0.88, 0.97,
    1.0, 0.94, 0.76, 0.50, 0.29,
];

/// One simulated page view, ready to be imported.
pub struct Line {
    /// When the page view began, unix ms.
    pub at_ms: i64,
    /// When it is over and can be told, unix ms.
    pub until_ms: i64,
    /// The import line, without its line feed.
    pub json: String,
    /// The regular visitor whose page failed.
    pub failed_regular: Option<u32>,
}

/// Every page view of the sessions that begin in the hour starting at `hour_ms`, in order of their start.
pub fn hour(story: &Story, hour_ms: i64, sessions_per_day: u32) -> Vec<Line> {
    let mut rng = StdRng::seed_from_u64(0xfe17 ^ (hour_ms / HOUR_MS) as u64);
    let day = hour_ms.div_euclid(24 * HOUR_MS);
    // 1970-01-01 was a Thursday; people shop more at the weekend.
    let weekend = if matches!(day.rem_euclid(7), 2 | 3) { 1.25 } else { 1.0 };
    let weight = HOURS[(hour_ms.div_euclid(HOUR_MS).rem_euclid(24)) as usize] / HOURS.iter().sum::<f64>();
    let expected = f64::from(sessions_per_day) * weight * weekend;
    let sessions = (expected * rng.random_range(0.9..1.1)).round() as usize;
    let mut lines = Vec::with_capacity(sessions * 4);
    for n in 0..sessions {
        let start_ms = hour_ms + rng.random_range(0..HOUR_MS);
        let regular = regulars::draw(story, start_ms, sessions_per_day, &mut rng);
        session(story, start_ms, &format!("{:x}-{n}", hour_ms / HOUR_MS), regular, &mut rng, &mut lines);
    }
    lines.sort_by_key(|line| line.at_ms);
    lines
}

/// The regular visitors whom the story's incident fails.
pub fn disappointed(story: &Story, sessions_per_day: u32) -> HashSet<u32> {
    let incident = story.incident_ms();
    // Visits that reach into it may have begun in the hour before.
    let hours = incident.start / HOUR_MS - 1..=incident.end / HOUR_MS;
    let lines = hours.flat_map(|hour| self::hour(story, hour * HOUR_MS, sessions_per_day));
    lines.filter(|line| incident.contains(&line.at_ms)).filter_map(|line| line.failed_regular).collect()
}

fn session(story: &Story, start_ms: i64, name: &str, regular: Option<u32>, rng: &mut StdRng, lines: &mut Vec<Line>) {
    let bot = rng.random_bool(BOT_SHARE);
    let regular = regular.filter(|_| !bot);
    let person = match regular {
        Some(regular) => regulars::person(regular),
        None if bot => crowd::bot(rng),
        None => crowd::person(rng),
    };
    let mut before = None;
    let mut at_ms = start_ms;
    let mut page = Page::landing(rng);
    let mut referrer = crowd::referrer(rng).to_owned();
    for n in 0..VIEWS_PER_SESSION_MAX {
        let felt = story.visit(page, before, at_ms, &person, rng);
        let url = format!("{}{}", story.origin, page.path(rng));
        let mut view = json!({
            "v": 1,
            "view": format!("demo-{name}-{n}"),
            "seq": 0,
            "session": format!("demo-session-{name}"),
            "nav": if n == 0 { "navigate" } else { felt.nav },
            "url": url,
            "route": page.route(),
            "title": page.title(),
            "referrer": referrer,
            "age": felt.left_ms,
            "left": felt.left_ms,
            "first_hidden": felt.left_ms,
            "status": felt.status,
            "sample_rate": 1,
            "metrics": felt.metrics,
            "attribution": felt.attribution,
            "events": felt.events,
            "client": client(&person),
            "release": story.release(at_ms),
            "tags": {"plan": person.plan},
        });
        if let Some(regular) = regular {
            view["visitor"] = format!("demo-visitor-{regular}").into();
        }
        let line = json!({
            "at": super::rfc3339(at_ms),
            "ua": person.user_agent,
            "country": person.country,
            "snapshot": view,
        });
        let failed_regular = regular.filter(|_| felt.failed);
        lines.push(Line { at_ms, until_ms: at_ms + felt.left_ms, json: line.to_string(), failed_regular });
        at_ms += felt.left_ms + rng.random_range(50..1_500);
        referrer = url;
        before = Some(page);
        match page.next(felt.unhappy, felt.failed, rng) {
            Some(next) => page = next,
            None => break,
        }
    }
}

fn client(person: &Person) -> Value {
    json!({
        "viewport": person.viewport, "dpr": person.dpr, "connection": person.connection, "rtt": person.rtt_ms,
        "memory": person.memory_gib, "cores": person.cores, "lang": person.lang, "webdriver": person.webdriver,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_795_000_000_000;

    fn story() -> Story {
        Story::ending("http://127.0.0.1:8090", NOW_MS)
    }

    #[test]
    fn an_hour_is_the_same_whenever_it_is_drawn() {
        let hour_ms = NOW_MS / HOUR_MS * HOUR_MS - 50 * HOUR_MS;
        let draw = || hour(&story(), hour_ms, 2_000).into_iter().map(|l| l.json).collect::<Vec<_>>();
        assert_eq!(draw(), draw());
        assert!(draw().len() > 50);
    }

    #[test]
    fn those_whom_payment_failed_come_back_less_often() {
        let story = story();
        let hurt = disappointed(&story, 3_000);
        assert!(hurt.len() > 10, "{}", hurt.len());
        let after = story.incident_ms().end + 2 * HOUR_MS;
        let told = story.with_disappointed(hurt.clone());
        let seen = |story: &Story| {
            let hours = (0..144).flat_map(|n| hour(story, after / HOUR_MS * HOUR_MS + n * HOUR_MS, 3_000));
            let lines: Vec<String> = hours.map(|line| line.json).collect();
            let came = |regular: &&u32| lines.iter().any(|line| line.contains(&format!("\"demo-visitor-{regular}\"")));
            hurt.iter().filter(came).count()
        };
        let (otherwise, now) = (seen(&self::story()), seen(&told));
        assert!(now * 3 < otherwise * 2, "{now} came back, {otherwise} otherwise would have");
    }

    #[test]
    fn lines_come_in_order_and_end_after_they_begin() {
        let lines = hour(&story(), NOW_MS / HOUR_MS * HOUR_MS - 30 * HOUR_MS, 2_000);
        assert!(lines.windows(2).all(|w| w[0].at_ms <= w[1].at_ms));
        assert!(lines.iter().all(|l| l.until_ms > l.at_ms));
    }
}
