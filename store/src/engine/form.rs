//! Forms in a body (`multipart/form-data`): how the official client sends a query with its parameters.

use super::exception::Exception;

fn broken(what: &str) -> Exception {
    Exception::new(36, "BAD_ARGUMENTS", format!("the form cannot be read: {what}"))
}

/// The boundary, when the content type is that of a form.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let mut parts = content_type.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    parts.find_map(|part| part.strip_prefix("boundary=")).map(|boundary| boundary.trim_matches('"'))
}

/// Names and values of the fields, in order.
pub(super) fn fields(body: &[u8], boundary: &str) -> Result<Vec<(String, String)>, Exception> {
    let text = std::str::from_utf8(body).map_err(|_| broken("it is not UTF-8"))?;
    let opening = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    let start = text.find(&opening).ok_or_else(|| broken("its boundary is missing"))?;
    let mut rest = &text[start + opening.len()..];
    let mut fields = Vec::new();
    loop {
        if rest.starts_with("--") {
            return Ok(fields);
        }
        let part = rest.strip_prefix("\r\n").ok_or_else(|| broken("a boundary is not followed by a new line"))?;
        let end = part.find(&between).ok_or_else(|| broken("it has no end"))?;
        fields.push(field(&part[..end])?);
        rest = &part[end + between.len()..];
    }
}

fn field(part: &str) -> Result<(String, String), Exception> {
    let (head, value) = part.split_once("\r\n\r\n").ok_or_else(|| broken("a field has no value"))?;
    let disposition = head
        .split("\r\n")
        .find(|line| line.get(..20).is_some_and(|start| start.eq_ignore_ascii_case("content-disposition:")))
        .ok_or_else(|| broken("a field has no name"))?;
    let mut name = None;
    for part in disposition.split(';').map(str::trim) {
        if part.starts_with("filename=") {
            return Err(Exception::unsupported("files in a form (external data) are not supported"));
        }
        name = name.or_else(|| part.strip_prefix("name=").map(|name| name.trim_matches('"').to_owned()));
    }
    Ok((name.ok_or_else(|| broken("a field has no name"))?, value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_line_ends() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT\r\n1\r\n--b\r\n\
                    content-disposition: form-data; name=\"param_x\"\r\n\r\n\r\n--b--\r\n";
        let expected = [("query".to_owned(), "SELECT\r\n1".to_owned()), ("param_x".to_owned(), String::new())];
        assert_eq!(fields(body.as_bytes(), "b").unwrap(), expected);
        assert_eq!(boundary("multipart/form-data; boundary=b"), Some("b"));
        assert_eq!(boundary("text/plain"), None);
    }

    #[test]
    fn broken_forms_are_refused() {
        for body in [
            "",
            "--b",
            "--b\r\n",
            "--b\r\nx\r\n--b--",
            "--bx",
            "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--",
        ] {
            assert!(fields(body.as_bytes(), "b").is_err(), "{body:?}");
        }
    }
}
