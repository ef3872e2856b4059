//! Percent-encoding of query strings, by <https://url.spec.whatwg.org/#application/x-www-form-urlencoded>.

/// Decodes a form-encoded text: `+` is a space, `%XX` a byte. Wrong escapes stand for themselves, as in browsers.
/// `None` when the bytes are not UTF-8.
pub fn decode_form(text: &str) -> Option<String> {
    decode(&text.replace('+', " "))
}

/// Decodes `%XX` only.
pub fn decode_percent(text: &str) -> Option<String> {
    decode(text)
}

fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let escape = (bytes[index] == b'%').then(|| bytes.get(index + 1..index + 3)).flatten();
        match escape.and_then(|digits| Some(hex(digits[0])? * 16 + hex(digits[1])?)) {
            Some(byte) => {
                decoded.push(byte);
                index += 3;
            }
            None => {
                decoded.push(bytes[index]);
                index += 1;
            }
        }
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

/// Encodes whatever has a meaning in a query string or in the grammar, and leaves the rest readable.
pub fn encode(text: &str) -> String {
    encode_except(text, b"-._~/:*")
}

/// Encodes one item of a comma-separated list that is decoded twice: once as a form, once as an item.
pub fn encode_item(item: &str) -> String {
    encode(&item.replace('%', "%25").replace(',', "%2C"))
}

fn encode_except(text: &str, plain: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Encodes the name of a dimension before an operator: a colon inside a tag's name would end it.
pub fn encode_dimension(name: &str) -> String {
    match name.strip_prefix("tag:") {
        Some(tag) => format!("tag:{}", encode_except(tag, b"-._~")),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_undoes_encoding_and_forgives_wrong_escapes() {
        for text in ["", "a b+c", "50%", "%zz", "ä,:&=#?/é", "100%25"] {
            assert_eq!(decode_form(&encode(text)).as_deref(), Some(text));
            let item = decode_form(&encode_item(text)).unwrap();
            assert_eq!(decode_percent(&item).as_deref(), Some(text));
        }
        assert_eq!(decode_form("50%").as_deref(), Some("50%"));
        assert_eq!(decode_form("%4").as_deref(), Some("%4"));
        assert_eq!(decode_form("%ff"), None);
    }
}
