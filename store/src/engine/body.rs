//! A request's body as it arrives: unpacked, bounded in size and in patience.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use super::blocks::Unpacker;
use super::exception::Exception;

/// Longest silence of a client that is sending.
const IDLE: Duration = Duration::from_secs(60);
/// Most bytes of a statement without its rows, and of a form: arrays of parameters are long.
pub(super) const SQL_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Most unpacked bytes of an insert's rows. Batches are 64 MiB at most; imports by hand may be larger.
const ROWS_BYTES_MAX: usize = 2 * 1024 * 1024 * 1024;

/// Reads a body.
pub(super) struct BodyReader {
    body: Body,
    unpacker: Option<Unpacker>,
    bytes_left: usize,
}

impl BodyReader {
    /// `decompress` for a body in ClickHouse's own blocks.
    pub fn new(body: Body, decompress: bool) -> Self {
        Self { body, unpacker: decompress.then(Unpacker::default), bytes_left: ROWS_BYTES_MAX }
    }

    /// The next bytes; none at the proper end. A body that breaks off is an error, never an end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Exception> {
        loop {
            if let Some(unpacker) = &mut self.unpacker
                && let Some(bytes) = unpacker.next()?
            {
                return self.count(bytes).map(Some);
            }
            let frame = tokio::time::timeout(IDLE, self.body.frame()).await;
            let frame =
                frame.map_err(|_| Exception::new(209, "SOCKET_TIMEOUT", "the request's body stopped coming"))?;
            match frame {
                None => {
                    self.unpacker.as_ref().map_or(Ok(()), Unpacker::finish)?;
                    return Ok(None);
                }
                Some(Err(error)) => {
                    let message = format!("the request's body broke off: {error}");
                    return Err(Exception::new(210, "NETWORK_ERROR", message));
                }
                Some(Ok(frame)) => {
                    let Ok(bytes) = frame.into_data() else { continue };
                    match &mut self.unpacker {
                        Some(unpacker) => unpacker.push(&bytes),
                        None if bytes.is_empty() => {}
                        None => return self.count(bytes).map(Some),
                    }
                }
            }
        }
    }

    fn count(&mut self, bytes: Bytes) -> Result<Bytes, Exception> {
        match self.bytes_left.checked_sub(bytes.len()) {
            Some(left) => {
                self.bytes_left = left;
                Ok(bytes)
            }
            None => Err(too_large(ROWS_BYTES_MAX)),
        }
    }

    /// The whole body, for statements and forms.
    pub async fn text(&mut self) -> Result<Bytes, Exception> {
        let mut whole = BytesMut::new();
        while let Some(bytes) = self.next().await? {
            if whole.len() + bytes.len() > SQL_BYTES_MAX {
                return Err(too_large(SQL_BYTES_MAX));
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(whole.freeze())
    }
}

fn too_large(bytes_max: usize) -> Exception {
    Exception::new(223, "QUERY_IS_TOO_LARGE", format!("the request's body has more than {bytes_max} bytes"))
}
