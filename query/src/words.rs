//! Numbers in sentences.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let told = [0, 12, 123, 1_234, -1_234_567].map(grouped);
        assert_eq!(told, ["0", "12", "123", "1,234", "-1,234,567"]);
    }
}
