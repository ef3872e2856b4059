//! The points of a series: where each begins. Days begin where the time zone says, also across a change of its clock.

use super::Window;
use crate::grammar::{Fault, POINTS_MAX, Step, Zone};
use jiff::{Timestamp, ToSpan, civil::Date};

/// Points that a person can read: `auto` stays at or under this where it can.
const POINTS_AUTO: usize = 200;

/// The definite step and the starts of its points, ascending, in Unix seconds. The first may lie before the window,
/// which then fills only a part of it.
///
/// # Errors
/// When the step gives too many points; the fault names the shortest that does not.
pub fn edges(step: Step, window: Window, zone: &Zone) -> Result<(Step, Vec<u32>), Fault> {
    let fits = |max: usize| Step::DEFINITE.into_iter().find(|&step| points(step, window, zone) <= max);
    let step = match step {
        Step::Auto => fits(POINTS_AUTO).unwrap_or(Step::Day),
        definite => definite,
    };
    let count = points(step, window, zone);
    if count > POINTS_MAX {
        let shortest = fits(POINTS_MAX).unwrap_or(Step::Day);
        let detail = format!(
            "a step of {} gives {count} points, at most {POINTS_MAX} are drawn: the shortest for this range is {}",
            step.name(),
            shortest.name()
        );
        return Err(Fault { did_you_mean: Some(shortest.name().into()), ..Fault::new("step", detail) });
    }
    Ok((step, starts(step, window, zone)))
}

fn length_s(step: Step) -> Option<i64> {
    match step {
        Step::Minute => Some(60),
        Step::FiveMinutes => Some(300),
        Step::Hour => Some(3600),
        Step::Day | Step::Auto => None,
    }
}

fn points(step: Step, window: Window, zone: &Zone) -> usize {
    match length_s(step) {
        Some(length_s) => {
            let length_ms = length_s * 1000;
            let (first, end) =
                (window.from_ms.div_euclid(length_ms), (window.to_ms + length_ms - 1).div_euclid(length_ms));
            usize::try_from(end - first).unwrap_or(0)
        }
        None => starts(step, window, zone).len(),
    }
}

fn starts(step: Step, window: Window, zone: &Zone) -> Vec<u32> {
    let second = |ms: i64| u32::try_from(ms.div_euclid(1000)).ok();
    match length_s(step) {
        Some(length_s) => {
            let length_ms = length_s * 1000;
            let first_ms = window.from_ms.div_euclid(length_ms) * length_ms;
            (first_ms..window.to_ms).step_by(length_ms as usize).filter_map(second).collect()
        }
        None => day_starts(window, zone).filter_map(second).collect(),
    }
}

/// The first instants of the days that the window touches.
fn day_starts(window: Window, zone: &Zone) -> impl Iterator<Item = i64> {
    let tz = zone.rules().clone();
    let first: Option<Date> =
        Timestamp::from_millisecond(window.from_ms).ok().map(|from| from.to_zoned(tz.clone()).date());
    std::iter::successors(first, |day| day.checked_add(1.day()).ok())
        // A midnight that the clock skips is the first instant after it.
        .map_while(move |day| day.to_zoned(tz.clone()).ok().map(|start| start.timestamp().as_millisecond()))
        .take_while(move |&start_ms| start_ms < window.to_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::rfc3339;

    fn shown(step: Step, from: &str, to: &str, zone: &str) -> (Step, Vec<String>) {
        let ms = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let window = Window { from_ms: ms(from), to_ms: ms(to) };
        let (step, starts) = edges(step, window, &Zone::parse(zone).unwrap()).unwrap();
        (step, starts.into_iter().map(|start| rfc3339(i64::from(start) * 1000)).collect())
    }

    #[test]
    fn days_are_the_time_zones_own_across_a_change_of_the_clock() {
        let (_, starts) = shown(Step::Day, "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z", "Europe/Berlin");
        assert_eq!(starts, ["2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"]);
        // In Beirut the clock skips midnight: the day begins at one.
        let (_, starts) = shown(Step::Day, "2026-03-28T23:00:00Z", "2026-03-29T23:00:00Z", "Asia/Beirut");
        assert_eq!(starts, ["2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"]);
        let (_, starts) = shown(Step::Day, "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "Asia/Kolkata");
        assert_eq!(starts, ["2026-10-31T18:30:00Z", "2026-11-01T18:30:00Z"]);
    }

    #[test]
    fn auto_takes_the_shortest_step_that_can_be_read() {
        for (hours, expected) in
            [(1, Step::Minute), (4, Step::FiveMinutes), (24, Step::Hour), (168, Step::Hour), (672, Step::Day)]
        {
            let window = Window { from_ms: 0, to_ms: hours * 3_600_000 };
            assert_eq!(edges(Step::Auto, window, &Zone::default()).unwrap().0, expected, "{hours} h");
        }
    }

    #[test]
    fn too_many_points_name_the_shortest_step_that_works() {
        let window = Window { from_ms: 0, to_ms: 7 * 86_400_000 };
        let fault = edges(Step::Minute, window, &Zone::default()).unwrap_err();
        assert_eq!(fault.did_you_mean.as_deref(), Some("1h"));
    }

    #[test]
    fn the_first_point_begins_where_its_step_does() {
        let (_, starts) = shown(Step::Hour, "2026-11-01T10:42:00Z", "2026-11-01T12:00:00Z", "UTC");
        assert_eq!(starts, ["2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z"]);
    }
}
