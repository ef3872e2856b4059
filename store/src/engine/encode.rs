//! How an answer is packed on its way out: as it is, in ClickHouse's own blocks, or as an LZ4 frame.

use std::io::Write;

use bytes::Bytes;
use http::{HeaderMap, header};
use lz4_flex::frame::FrameEncoder;

use super::blocks;
use super::options::Options;

/// Packs one answer piece by piece; each piece can be unpacked as soon as it arrives.
pub(super) enum Encoder {
    Plain,
    /// `compress=1`.
    Blocks,
    /// `Accept-Encoding: lz4`, what the official client asks for.
    Frame(Box<FrameEncoder<Vec<u8>>>),
}

impl Encoder {
    /// What the request asks for.
    pub fn choose(options: &Options, headers: &HeaderMap) -> Self {
        if options.compress {
            return Self::Blocks;
        }
        let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let lz4 = accepted.split(',').any(|name| name.trim().eq_ignore_ascii_case("lz4"));
        if options.http_compression && lz4 { Self::Frame(Box::new(FrameEncoder::new(Vec::new()))) } else { Self::Plain }
    }

    /// The `Content-Encoding` that tells of it.
    pub fn content_encoding(&self) -> Option<&'static str> {
        matches!(self, Self::Frame(_)).then_some("lz4")
    }

    /// Packs one piece.
    pub fn piece(&mut self, bytes: Bytes) -> Bytes {
        match self {
            Self::Plain => bytes,
            // The block's size field has 32 bits, and the reader holds a block in memory.
            Self::Blocks => bytes.chunks(1 << 20).flat_map(blocks::pack).collect(),
            Self::Frame(encoder) => {
                // Writing into memory cannot fail.
                let _ = encoder.write_all(&bytes).and_then(|()| encoder.flush());
                std::mem::take(encoder.get_mut()).into()
            }
        }
    }

    /// What has to follow the last piece.
    pub fn finish(self) -> Bytes {
        match self {
            Self::Plain | Self::Blocks => Bytes::new(),
            Self::Frame(encoder) => encoder.finish().unwrap_or_default().into(),
        }
    }
}
