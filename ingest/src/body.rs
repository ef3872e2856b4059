//! A beacon's body, read within its bounds: 64 KiB on the wire, 1 MiB unpacked, in the server's time.

use axum::body::{Body, Bytes};
use bytes::BytesMut;
use felt_http::{BodyTooSlow, OutOfRoom};
use felt_schema::limits::{BODY_BYTES_MAX, BODY_UNPACKED_BYTES_MAX};
use flate2::bufread::MultiGzDecoder;
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use std::io::Read;

/// Bytes that are read and thrown away so that a client which is still sending can hear why it was refused. Beyond, it is cut.
const DISCARD_BYTES_MAX: usize = 4 * BODY_UNPACKED_BYTES_MAX;

/// Why there is no body to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyFault {
    /// Over the limit as sent, or unpacked.
    TooLarge,
    /// Not gzip, although it says so.
    NotGzip,
    /// An encoding that we do not speak.
    UnknownEncoding,
    /// Did not arrive in time.
    TooSlow,
    /// Memory is short.
    NoRoom,
    /// The client went away, or broke the rules of HTTP.
    Broken,
}

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
}

impl Encoding {
    /// What the head says.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, BodyFault> {
        let mut lines = headers.get_all(header::CONTENT_ENCODING).iter();
        match (lines.next().map(|value| value.as_bytes().trim_ascii()), lines.next()) {
            (None, _) => Ok(Self::Identity),
            (Some(name), None) if name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip") => {
                Ok(Self::Gzip)
            }
            (Some(name), None) if name.is_empty() || name.eq_ignore_ascii_case(b"identity") => Ok(Self::Identity),
            _ => Err(BodyFault::UnknownEncoding),
        }
    }
}

/// Reads and unpacks it. `sendBeacon` cannot set headers, so a body that begins as gzip does is unpacked without being told: no
/// JSON begins so.
pub(crate) async fn read(body: Body, encoding: Encoding) -> Result<Bytes, BodyFault> {
    let packed = read_packed(body).await?;
    if encoding == Encoding::Gzip || packed.starts_with(&[0x1f, 0x8b]) { unpack(&packed) } else { Ok(packed) }
}

async fn read_packed(mut body: Body) -> Result<Bytes, BodyFault> {
    let first = next_piece(&mut body).await?.unwrap_or_default();
    let Some(second) = next_piece(&mut body).await? else {
        // Nearly every body comes in one piece, which then needs no copy.
        return if first.len() > BODY_BYTES_MAX { Err(BodyFault::TooLarge) } else { Ok(first) };
    };
    let mut whole = BytesMut::with_capacity((first.len() + second.len()) * 2);
    whole.extend_from_slice(&first);
    let mut next = Some(second);
    while let Some(piece) = next {
        if whole.len() + piece.len() > BODY_BYTES_MAX {
            discard(body).await;
            return Err(BodyFault::TooLarge);
        }
        whole.extend_from_slice(&piece);
        next = next_piece(&mut body).await?;
    }
    Ok(whole.freeze())
}

/// Reads a refused request's body to its end, within bounds, so that the client is not reset before it has read the answer.
pub(crate) async fn discard(mut body: Body) {
    let mut discarded = 0;
    while let Ok(Some(piece)) = next_piece(&mut body).await {
        discarded += piece.len();
        if discarded > DISCARD_BYTES_MAX {
            return;
        }
    }
}

/// The next piece of data; `None` at the end. Trailers are passed over.
pub(crate) async fn next_piece(body: &mut Body) -> Result<Option<Bytes>, BodyFault> {
    loop {
        match body.frame().await {
            None => return Ok(None),
            Some(Ok(frame)) => {
                if let Ok(piece) = frame.into_data() {
                    return Ok(Some(piece));
                }
            }
            Some(Err(error)) if BodyTooSlow::caused(&error) => return Err(BodyFault::TooSlow),
            Some(Err(error)) if OutOfRoom::caused(&error) => return Err(BodyFault::NoRoom),
            Some(Err(_)) => return Err(BodyFault::Broken),
        }
    }
}

fn unpack(packed: &[u8]) -> Result<Bytes, BodyFault> {
    let mut unpacked = Vec::with_capacity((packed.len() * 4).min(BODY_UNPACKED_BYTES_MAX));
    let limit = BODY_UNPACKED_BYTES_MAX as u64 + 1;
    MultiGzDecoder::new(packed).take(limit).read_to_end(&mut unpacked).map_err(|_| BodyFault::NotGzip)?;
    if unpacked.len() > BODY_UNPACKED_BYTES_MAX { Err(BodyFault::TooLarge) } else { Ok(unpacked.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[tokio::test]
    async fn the_limits_are_inclusive() {
        let read = |bytes: Vec<u8>| read(Body::from(bytes), Encoding::Identity);
        assert_eq!(read(vec![b' '; BODY_BYTES_MAX]).await.unwrap().len(), BODY_BYTES_MAX);
        assert_eq!(read(vec![b' '; BODY_BYTES_MAX + 1]).await, Err(BodyFault::TooLarge));
        let unpacked = read(gzip(&vec![b' '; BODY_UNPACKED_BYTES_MAX])).await.unwrap();
        assert_eq!(unpacked.len(), BODY_UNPACKED_BYTES_MAX);
        assert_eq!(read(gzip(&vec![b' '; BODY_UNPACKED_BYTES_MAX + 1])).await, Err(BodyFault::TooLarge));
    }

    #[tokio::test]
    async fn a_gzip_body_is_told_by_its_head_or_by_its_first_bytes() {
        let packed = gzip(b"{}");
        for encoding in [Encoding::Gzip, Encoding::Identity] {
            assert_eq!(read(Body::from(packed.clone()), encoding).await.unwrap(), "{}");
        }
        assert_eq!(read(Body::from("{}"), Encoding::Gzip).await, Err(BodyFault::NotGzip));
        let cut = packed[..packed.len() - 3].to_vec();
        assert_eq!(read(Body::from(cut), Encoding::Gzip).await, Err(BodyFault::NotGzip));
    }
}
