//! Numbers and times in sentences.

/// A count with its thousands set apart.
pub fn grouped(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if count < 0 { format!("-{text}") } else { text }
}

/// A preset as people say it: "the last 7 days" for `7d`.
pub fn last(range: &str) -> String {
    match range.strip_suffix('d').map(str::parse::<u32>) {
        Some(Ok(1)) => "the last day".to_owned(),
        Some(Ok(days)) => format!("the last {days} days"),
        _ => format!("the last {range}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let told = [0, 12, 123, 1_234, -1_234_567].map(grouped);
        assert_eq!(told, ["0", "12", "123", "1,234", "-1,234,567"]);
    }

    #[test]
    fn days_are_said_as_such() {
        assert_eq!(["1d", "28d", "6h"].map(last), ["the last day", "the last 28 days", "the last 6h"]);
    }
}
