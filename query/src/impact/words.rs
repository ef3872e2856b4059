//! The figures as sentences, fit for a post-mortem: each with its count, and where there is no figure, why.

use super::reading::Reading;
use super::shapes::{Impact, JourneyHurt, Segment};
use crate::grammar::{MINUTE_MS, rfc3339};
use crate::words::grouped;
use serde_json::Value;

/// Below this many people a share is not told as one.
const SHARE_OF_MIN: i64 = 10;
/// Below this many people nothing is judged.
const TO_JUDGE_MIN: i64 = crate::figures::COUNT_TO_JUDGE;

/// The paragraphs of an impact.
pub fn paragraphs(reading: &Reading, impact: &Impact) -> Vec<String> {
    if impact.exposed.views == 0 {
        return vec![format!(
            "{} no page view came in that is asked about: nobody is known to have been hurt.",
            when(reading)
        )];
    }
    let mut all = vec![who(reading, impact), where_most(impact), after_failures(reading, impact)];
    all.extend(impact.journeys.iter().map(|journey| abandoned(reading, impact, journey)));
    all.extend([not_back(reading, impact), cost(impact)]);
    all.retain(|paragraph| !paragraph.is_empty());
    all
}

fn when(reading: &Reading) -> String {
    let window = &reading.spans.window;
    let lasted = lasting((window.end - window.start) / MINUTE_MS);
    format!("Between {} and {} ({lasted})", minute(window.start), minute(window.end))
}

fn who(reading: &Reading, impact: &Impact) -> String {
    let (there, hurt) = (&impact.exposed, &impact.hurt);
    let mut text = format!(
        "{} {} saw {} in {}.",
        when(reading),
        many(there.visitors, "person", "people"),
        many(there.views, "page view", "page views"),
        many(there.sessions, "visit", "visits"),
    );
    if hurt.hard.visitors == 0 {
        text.push_str(" No page failed them.");
    } else {
        text.push_str(&format!(
            " A page failed {} of them{}, {} in all.",
            grouped(hurt.hard.visitors),
            share(there.visitors, &hurt.hard.share, &hurt.hard.low, &hurt.hard.high),
            many(hurt.hard.views, "time", "times"),
        ));
    }
    if hurt.soft.visitors > 0 {
        let more = if hurt.hard.visitors > 0 { "more " } else { "" };
        text.push_str(&format!(" {} {more}had a painful page, without a failure.", grouped(hurt.soft.visitors)));
    }
    if let (Some(now), Some(before)) =
        (impact.happiness.views.value.as_f64(), impact.happiness.control_views.value.as_f64())
    {
        text.push_str(&format!(
            " Happiness was {now:.0} ({}), a week earlier {before:.0} ({}).",
            many(impact.happiness.views.count, "page view", "page views"),
            many(impact.happiness.control_views.count, "page view", "page views")
        ));
    }
    if there.recognised < there.visitors {
        text.push_str(&format!(
            " {} of them agreed to be recognised; of the others each visit counts as a person.",
            grouped(there.recognised)
        ));
    }
    text
}

fn where_most(impact: &Impact) -> String {
    let hard = impact.hurt.hard.visitors > 0;
    let hurt = |segment: &&Segment| if hard { segment.hard > 0 } else { segment.soft > 0 };
    let count = |segment: &Segment| if hard { segment.hard } else { segment.soft };
    let told = |name: &str, most: usize| {
        let segments =
            impact.by.get(name).into_iter().flatten().filter(hurt).filter(|segment| !segment.value.is_empty());
        let parts: Vec<String> = segments
            .take(most)
            .map(|segment| format!("{} ({} of {})", segment.value, count(segment), segment.visitors))
            .collect();
        parts.join(", ")
    };
    let pages = told("page", 3);
    if pages.is_empty() {
        return String::new();
    }
    let mut text = format!("Most were hurt on {pages}");
    for (name, label) in [("country", "country"), ("device", "device"), ("release", "release")] {
        let values = told(name, 3);
        if !values.is_empty() {
            text.push_str(&format!("; by {label}: {values}"));
        }
    }
    text.push_str(". Each figure is people hurt, of the people seen there.");
    text
}

fn after_failures(reading: &Reading, impact: &Impact) -> String {
    let retries = &impact.retries;
    if impact.hurt.hard.views == 0 {
        return String::new();
    }
    let mut text = format!("After a failure people tried the same page again {}", many(retries.views, "time", "times"));
    if retries.views > 0 {
        text.push_str(&format!(", of which {} worked", grouped(retries.succeeded)));
    }
    text.push('.');
    if let Some(factor) = retries.amplification.as_f64().filter(|_| retries.views > 0) {
        let of = reading.main.map_or("the pages", |place| reading.journeys[place].journey.name.as_str());
        text.push_str(&format!(" Retries made the load on {of} {factor:.2} times what it would have been."));
    }
    if impact.gave_up.sessions > 0 {
        text.push_str(&format!(
            " {} gave up on a page that had failed{}.",
            many(impact.gave_up.sessions, "visit", "visits"),
            impact.gave_up.median_s.as_f64().map_or_else(String::new, |s| match s {
                // Their last view was the one that failed first.
                ..1.0 => ", half of them at the first failure".to_owned(),
                _ => format!(", half of them within {}", seconds(s)),
            })
        ));
    }
    match (retries.herd_views, retries.herd.as_f64()) {
        (None, _) => text.push_str(" How hard the crowd came back is told five minutes after the end."),
        (Some(most), Some(factor)) => text.push_str(&format!(
            " In the five minutes after the end the busiest minute had {}, {factor:.1} times a minute of the week before.",
            many(most, "page view", "page views")
        )),
        (Some(_), None) => {}
    }
    text
}

fn abandoned(reading: &Reading, impact: &Impact, journey: &JourneyHurt) -> String {
    let mut text = format!(
        "{} took a step of {}: {} finished, {} came back within a day and finished then, {} did not.",
        many(journey.started, "visit", "visits"),
        journey.name,
        grouped(journey.completed),
        grouped(journey.recovered),
        grouped(journey.abandoned),
    );
    if !reading.journeys_settled {
        text.push_str(&format!(" Some may still come back: this is settled at {}.", time(&impact.settled.journeys_at)));
    }
    match (journey.excess.as_f64(), journey.low.as_f64(), journey.high.as_f64()) {
        (Some(excess), Some(low), Some(high)) => {
            text.push_str(&format!(
                " A week earlier, at the same time, {} of {} did not: ",
                grouped(journey.control_abandoned),
                grouped(journey.control_started),
            ));
            let interval = format!("95 % interval {} to {}", whole(low), whole(high));
            text.push_str(&if excess <= 0.0 {
                format!("that is no more than usual ({interval}).")
            } else if low <= 0.0 {
                format!("that makes {} abandoned beyond the usual, but it may be chance ({interval}).", whole(excess))
            } else {
                format!("that makes {} abandoned beyond the usual ({interval}).", whole(excess))
            });
        }
        _ => text.push_str(&format!(
            " How many would have been abandoned anyway cannot be told: nobody took a step of it a week earlier, between {} and {}.",
            time(&impact.control.from),
            time(&impact.control.to)
        )),
    }
    text
}

fn not_back(reading: &Reading, impact: &Impact) -> String {
    if impact.hurt.hard.visitors == 0 {
        return String::new();
    }
    let lost = &impact.lost;
    let (Some(affected), Some(returned), Some(controls), Some(came)) =
        (lost.affected, lost.returned, lost.controls, lost.controls_returned)
    else {
        let why = if !reading.lost_settled {
            format!(
                "the six days in which people may come back are not over, or their page views not yet here; ask again after {}",
                time(&impact.settled.lost_at)
            )
        } else if impact.control.views == 0 {
            "there are no page views of the same time a week earlier to compare with".to_owned()
        } else {
            "nobody of the week before whom nothing failed agreed to be recognised".to_owned()
        };
        return format!("How many customers were lost cannot be told: {why}.");
    };
    if affected == 0 {
        return "How many customers were lost cannot be told: nobody whom a page failed agreed to be recognised."
            .to_owned();
    }
    let mut text = format!(
        "Of the {} whom a page failed and who can be recognised {} came back within six days; of {} like them a week earlier {} did.",
        many(affected, "person", "people"),
        grouped(returned),
        many(controls, "person", "people"),
        grouped(came),
    );
    if let (Some(lost), Some(low), Some(high)) = (lost.visitors.as_f64(), lost.low.as_f64(), lost.high.as_f64()) {
        let interval = format!("95 % interval {} to {}", whole(low), whole(high));
        text.push_str(&if lost <= 0.0 {
            format!(" Like compared with like, no customers were lost ({interval}).")
        } else {
            let sure = if affected < TO_JUDGE_MIN {
                "; so few people are no more than a hint"
            } else if low <= 0.0 {
                "; it may be chance"
            } else {
                ""
            };
            format!(
                " Like compared with like, that is {} who did not come back though they otherwise would have ({interval}{sure}).",
                whole(lost)
            )
        });
    }
    text
}

fn cost(impact: &Impact) -> String {
    let money = &impact.money;
    let Some(average) = money.average_order.as_f64() else {
        return if impact.journeys.is_empty() {
            String::new()
        } else {
            "What it cost cannot be told: no last step of a journey told an amount in the week before.".to_owned()
        };
    };
    let currency = money.currency.as_deref().unwrap_or_default();
    let amount = |value: f64| format!("{} {currency}", decimal(value)).trim_end().to_owned();
    let Some(now) = money.immediate.as_f64() else {
        return format!(
            "What it cost cannot be told without a week to compare with; the average order was {} ({}).",
            amount(average),
            many(money.orders, "order", "orders")
        );
    };
    let average = format!("{} ({} in the week before)", amount(average), many(money.orders, "order", "orders"));
    let mut text = if now > 0.0 {
        format!("At the average order of {average} the journeys abandoned beyond the usual are worth {}.", amount(now))
    } else {
        format!(
            "No journeys were abandoned beyond the usual, so no order of {average} on average was broken off by this."
        )
    };
    match (money.future.as_f64(), money.total.as_f64()) {
        (Some(later), Some(total)) => text.push_str(&format!(
            " What the lost customers would have spent in those six days adds {}: {} in all.",
            amount(later),
            amount(total)
        )),
        _ => text.push_str(" What lost customers would have spent cannot be told (yet), so there is no total."),
    }
    text
}

fn share(of: i64, share: &Value, low: &Value, high: &Value) -> String {
    match (share.as_f64(), low.as_f64(), high.as_f64()) {
        (Some(share), Some(low), Some(high)) if of >= SHARE_OF_MIN => {
            format!(" ({:.0} %, 95 % interval {:.0} to {:.0} %)", share * 100.0, low * 100.0, high * 100.0)
        }
        _ => format!(" (of {}, too few for a share)", grouped(of)),
    }
}

fn many(count: i64, one: &str, several: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { several })
}

/// An estimate, to the whole.
fn whole(value: f64) -> String {
    grouped(value.round() as i64)
}

/// An amount of money, to two places.
fn decimal(value: f64) -> String {
    let hundredths = (value * 100.0).round() as i64;
    format!("{}.{:02}", grouped(hundredths / 100), hundredths.unsigned_abs() % 100)
}

fn seconds(value: f64) -> String {
    if value >= 120.0 { format!("{:.0} minutes", value / 60.0) } else { format!("{} s", value.round().max(1.0)) }
}

fn lasting(minutes: i64) -> String {
    match minutes {
        ..=0 => "less than a minute".to_owned(),
        1..=180 => many(minutes, "minute", "minutes"),
        _ if minutes < 2 * 1_440 => many((minutes + 30) / 60, "hour", "hours"),
        _ => many((minutes + 720) / 1_440, "day", "days"),
    }
}

/// `2026-11-23 14:04 UTC`.
fn minute(ms: i64) -> String {
    time(&rfc3339(ms))
}

fn time(rfc3339: &str) -> String {
    let to_the_minute = rfc3339.get(..16).unwrap_or(rfc3339);
    format!("{} UTC", to_the_minute.replace('T', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(
            (grouped(1_234_567), grouped(-1_000), grouped(999)),
            ("1,234,567".into(), "-1,000".into(), "999".into())
        );
        assert_eq!((decimal(2_127.874), decimal(0.5)), ("2,127.87".into(), "0.50".into()));
        assert_eq!(
            (lasting(26), lasting(1), lasting(24 * 60)),
            ("26 minutes".into(), "1 minute".into(), "24 hours".into())
        );
        assert_eq!((seconds(6.355), seconds(600.0)), ("6 s".into(), "10 minutes".into()));
        assert_eq!(minute(1_795_000_000_000), "2026-11-18 11:06 UTC");
    }
}
