//! Lines out of a stream of bytes that may be gzip, with a bound on how long one may be and on how much is held.

use flate2::write::MultiGzDecoder;
use std::io::Write;

/// Packed bytes unpacked at once: gzip gains at most about a thousandfold, so this much becomes 4 MiB at worst.
const UNPACK_BYTES: usize = 4 * 1024;

/// What is wrong with the stream as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StreamFault {
    /// The gzip is damaged or cut short.
    #[error("the body is not valid gzip from here on: pack it again, or send it unpacked")]
    NotGzip,
}

/// One line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// Its bytes.
    Whole(&'a [u8]),
    /// It was longer than the limit and is gone.
    TooLong,
}

/// Feeds on pieces of the body and gives lines.
pub(crate) struct Lines {
    line_bytes_max: usize,
    state: State,
    /// Unpacked and not yet given as lines; begins with the line that is being read.
    buffer: Vec<u8>,
    /// The line being read has passed the limit: what comes is thrown away up to its end.
    is_skipping: bool,
}

enum State {
    /// The first bytes tell whether it is gzip.
    Unknown {
        must_be_gzip: bool,
        head: Vec<u8>,
    },
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
}

impl Lines {
    /// `must_be_gzip` when the head said so; otherwise gzip is told by its first bytes.
    pub(crate) fn new(line_bytes_max: usize, must_be_gzip: bool) -> Self {
        let state = State::Unknown { must_be_gzip, head: Vec::new() };
        Self { line_bytes_max, state, buffer: Vec::new(), is_skipping: false }
    }

    /// Takes the next piece and gives every line that it completes.
    pub(crate) fn push(&mut self, piece: &[u8], mut each: impl FnMut(Line<'_>)) -> Result<(), StreamFault> {
        let recognised;
        let mut piece = piece;
        if let State::Unknown { must_be_gzip, head } = &mut self.state {
            head.extend_from_slice(piece);
            if head.len() < 2 {
                return Ok(());
            }
            let is_gzip = *must_be_gzip || head.starts_with(&[0x1f, 0x8b]);
            recognised = std::mem::take(head);
            self.state = if is_gzip { State::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))) } else { State::Plain };
            piece = &recognised;
        }
        match &mut self.state {
            State::Gzip(decoder) => {
                for part in piece.chunks(UNPACK_BYTES) {
                    decoder.write_all(part).and_then(|()| decoder.flush()).map_err(|_| StreamFault::NotGzip)?;
                    let unpacked = std::mem::take(decoder.get_mut());
                    split(&mut self.buffer, &mut self.is_skipping, self.line_bytes_max, &unpacked, &mut each);
                }
            }
            _ => split(&mut self.buffer, &mut self.is_skipping, self.line_bytes_max, piece, &mut each),
        }
        Ok(())
    }

    /// The body is complete: gives the last line, if it did not end in a newline.
    pub(crate) fn finish(mut self, mut each: impl FnMut(Line<'_>)) -> Result<(), StreamFault> {
        match &mut self.state {
            State::Unknown { must_be_gzip: true, head } if !head.is_empty() => return Err(StreamFault::NotGzip),
            State::Unknown { head, .. } => self.buffer.append(head),
            State::Plain => {}
            State::Gzip(decoder) => {
                decoder.try_finish().map_err(|_| StreamFault::NotGzip)?;
                let unpacked = std::mem::take(decoder.get_mut());
                split(&mut self.buffer, &mut self.is_skipping, self.line_bytes_max, &unpacked, &mut each);
            }
        }
        if self.is_skipping {
            each(Line::TooLong);
        } else if !self.buffer.is_empty() {
            each(Line::Whole(trim_end(&self.buffer)));
        }
        Ok(())
    }
}

fn split(
    buffer: &mut Vec<u8>,
    is_skipping: &mut bool,
    line_bytes_max: usize,
    mut piece: &[u8],
    each: &mut impl FnMut(Line<'_>),
) {
    while let Some(end) = memchr_newline(piece) {
        let (line, rest) = (&piece[..end], &piece[end + 1..]);
        piece = rest;
        if std::mem::take(is_skipping) || buffer.len() + line.len() > line_bytes_max {
            each(Line::TooLong);
        } else if buffer.is_empty() {
            each(Line::Whole(trim_end(line)));
        } else {
            buffer.extend_from_slice(line);
            each(Line::Whole(trim_end(buffer)));
        }
        buffer.clear();
    }
    if *is_skipping || buffer.len() + piece.len() > line_bytes_max {
        *is_skipping = true;
        buffer.clear();
    } else {
        buffer.extend_from_slice(piece);
    }
}

fn memchr_newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == b'\n')
}

fn trim_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    fn lines_of(body: &[u8], piece_bytes: usize, must_be_gzip: bool) -> Result<Vec<String>, StreamFault> {
        let mut lines = Lines::new(10, must_be_gzip);
        let mut found = Vec::new();
        let mut each = |line: Line<'_>| {
            found.push(match line {
                Line::Whole(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Line::TooLong => "(too long)".to_owned(),
            });
        };
        for piece in body.chunks(piece_bytes) {
            lines.push(piece, &mut each)?;
        }
        lines.finish(&mut each)?;
        Ok(found)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn lines_are_the_same_however_the_body_is_cut_and_packed() {
        let body = b"one\r\n\ntwo\n0123456789\n0123456789a\nlast";
        let expected = ["one", "", "two", "0123456789", "(too long)", "last"];
        let two_members = [gzip(&body[..9]), gzip(&body[9..])].concat();
        for packed in [body.to_vec(), gzip(body), two_members] {
            for piece_bytes in [1, 2, 3, 7, 1000] {
                assert_eq!(lines_of(&packed, piece_bytes, false).unwrap(), expected);
            }
        }
        assert_eq!(lines_of(b"x", 1, false).unwrap(), ["x"]);
        assert_eq!(lines_of(b"", 1, false).unwrap(), Vec::<String>::new());
        assert_eq!(lines_of(b"", 1, true).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn damaged_gzip_is_told() {
        let packed = gzip(b"one\ntwo\n");
        assert_eq!(lines_of(&packed[..packed.len() - 4], 3, false), Err(StreamFault::NotGzip));
        assert_eq!(lines_of(b"plain\n", 3, true), Err(StreamFault::NotGzip));
    }

    proptest! {
        #[test]
        fn no_line_vanishes_and_the_buffer_stays_bounded(body in proptest::collection::vec(0u8..16, 0..200), piece in 1usize..50) {
            // Bytes 0 to 15 hold the newline (10), so that there are many short lines.
            let lines = lines_of(&body, piece, false).unwrap();
            let ends = body.iter().filter(|&&byte| byte == b'\n').count();
            let expected = ends + usize::from(body.last().is_some_and(|&byte| byte != b'\n'));
            prop_assert_eq!(lines.len(), expected);
        }
    }
}
