//! Which formats can be answered piece by piece, and the header that the engine repeats in front of each piece.

use super::exception::Exception;

/// Whether an answer in this format is its rows one after the other, perhaps behind a header. Others have a frame
/// around the rows, or counts behind them, which the engine gets wrong when it makes pieces.
pub(super) fn can_be_cut(format: &str) -> bool {
    const FORMATS: [&str; 16] = [
        "RowBinary",
        "RowBinaryWithNames",
        "RowBinaryWithNamesAndTypes",
        "Native",
        "JSONEachRow",
        "JSONLines",
        "NDJSON",
        "JSONCompactEachRow",
        "JSONStringsEachRow",
        "JSONCompactStringsEachRow",
        "TabSeparated",
        "TSV",
        "TabSeparatedRaw",
        "TSVRaw",
        "CSV",
        "LineAsString",
    ];
    FORMATS.iter().any(|known| known.eq_ignore_ascii_case(format))
}

/// The header at the beginning of the first piece.
pub(super) fn header<'a>(format: &str, piece: &'a [u8]) -> Result<&'a [u8], Exception> {
    let texts_per_column = match format.to_ascii_lowercase().as_str() {
        "rowbinarywithnames" => 1,
        "rowbinarywithnamesandtypes" => 2,
        _ => return Ok(&[]),
    };
    let length = || {
        let (columns, mut at) = number(piece, 0)?;
        for _ in 0..columns.checked_mul(texts_per_column)? {
            let (bytes, begins) = number(piece, at)?;
            at = begins.checked_add(bytes).filter(|end| *end <= piece.len())?;
        }
        Some(at)
    };
    length().map(|length| &piece[..length]).ok_or_else(|| Exception::lost("the answer's header is cut off"))
}

/// A later piece without the header that is repeated in it.
pub(super) fn without_header<'a>(piece: &'a [u8], header: &[u8]) -> Result<&'a [u8], Exception> {
    piece.strip_prefix(header).ok_or_else(|| Exception::lost("a piece of the answer has another header than the first"))
}

/// A number in 7-bit groups, and where it ends.
fn number(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut value = 0usize;
    for shift in (0..usize::BITS).step_by(7) {
        let byte = *bytes.get(at)?;
        at += 1;
        value |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some((value, at));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_taken_off_every_piece_but_the_first() {
        let first = b"\x02\x01a\x01b\x05UInt8\x06StringDATA";
        let found = header("RowBinaryWithNamesAndTypes", first).unwrap();
        assert_eq!(found, &first[..18]);
        assert_eq!(without_header(b"\x02\x01a\x01b\x05UInt8\x06StringMORE", found).unwrap(), b"MORE");
        assert!(without_header(b"MORE", found).is_err());
        assert_eq!(header("RowBinaryWithNames", first).unwrap(), b"\x02\x01a\x01b");
        assert_eq!(header("JSONEachRow", first).unwrap(), b"");
        for cut in 0..18 {
            assert!(header("RowBinaryWithNamesAndTypes", &first[..cut]).is_err(), "{cut}");
        }
        assert!(header("RowBinaryWithNames", &[0xff; 20]).is_err());
    }
}
