//! Where a promise stands, in words for people who do not read figures.

use felt_schema::budget::{Budget, Forecast, Status};

/// One sentence about a budget.
pub fn of_budget(budget: &Budget, remaining: Option<f64>) -> String {
    let left = remaining.map(percent).unwrap_or_default();
    match budget.status {
        Status::NoData => "nothing was measured in this window yet".into(),
        Status::Ok => format!("{left} of the budget is left, and at this pace it lasts"),
        Status::AtRisk => format!("{left} of the budget is left; at this pace it {}", lasts(&budget.forecast)),
        Status::Exhausted => "exactly all of the budget is spent".into(),
        Status::Breached => {
            let over = remaining.map(|remaining| percent(-remaining)).unwrap_or_default();
            format!("the budget is spent, and {over} of it on top")
        }
    }
}

fn lasts(forecast: &Forecast) -> String {
    match forecast {
        Forecast::Rolling { projected_h: Some(hours), .. } => format!("lasts {}", span(*hours as f64)),
        Forecast::Calendar { exhausts_in_h: Some(hours), .. } => format!("lasts {}", span(*hours)),
        Forecast::Rolling { .. } | Forecast::Calendar { .. } => "is soon spent".into(),
    }
}

/// A span of hours, in the unit that people would say it in.
fn span(hours: f64) -> String {
    let (count, unit) = if hours < 1.0 {
        ((hours * 60.0).round().max(1.0), "minute")
    } else if hours < 48.0 {
        (hours.round(), "hour")
    } else {
        ((hours / 24.0).round(), "day")
    };
    format!("{count} {unit}{}", if count == 1.0 { "" } else { "s" })
}

/// A share in percent, with a digit more where it is small.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent.abs() < 10.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_as_people_tell_them() {
        assert_eq!([0.2, 1.0, 30.0, 216.0].map(span), ["12 minutes", "1 hour", "30 hours", "9 days"]);
        assert_eq!([0.224, 0.043, 1.0].map(percent), ["22 %", "4.3 %", "100 %"]);
    }
}
