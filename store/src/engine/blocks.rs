//! ClickHouse's own compressed blocks (`compress=1`, `decompress=1`): a CityHash-128 of the rest, a method byte, the
//! two sizes, and LZ4. <https://clickhouse.com/docs/reference/interfaces/specs/NativeFormat#frame-format>

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::exception::Exception;

const CHECKSUM_BYTES: usize = 16;
const HEADER_BYTES: usize = 9;
const LZ4: u8 = 0x82;
const PLAIN: u8 = 0x02;
/// Largest block that is unpacked; ClickHouse's own are 1 MiB, the official client's 256 KiB.
const BLOCK_BYTES_MAX: usize = 64 * 1024 * 1024;

fn checksum(bytes: &[u8]) -> u128 {
    cityhash_rs::cityhash_102_128(bytes).rotate_right(64)
}

/// Packs bytes into one block.
pub(super) fn pack(bytes: &[u8]) -> Bytes {
    let packed = lz4_flex::block::compress(bytes);
    let mut out = BytesMut::with_capacity(CHECKSUM_BYTES + HEADER_BYTES + packed.len());
    out.put_u128_le(0);
    out.put_u8(LZ4);
    out.put_u32_le((HEADER_BYTES + packed.len()) as u32);
    out.put_u32_le(bytes.len() as u32);
    out.extend_from_slice(&packed);
    let sum = checksum(&out[CHECKSUM_BYTES..]);
    out[..CHECKSUM_BYTES].copy_from_slice(&sum.to_le_bytes());
    out.freeze()
}

/// Takes blocks apart as their bytes arrive, cut anywhere.
#[derive(Default)]
pub(super) struct Unpacker {
    input: BytesMut,
}

impl Unpacker {
    /// Adds bytes from the wire.
    pub fn push(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// The next whole block's content; none when more bytes are needed.
    pub fn next(&mut self) -> Result<Option<Bytes>, Exception> {
        if self.input.len() < CHECKSUM_BYTES + HEADER_BYTES {
            return Ok(None);
        }
        let mut header = &self.input[CHECKSUM_BYTES..];
        let method = header.get_u8();
        let packed_bytes = header.get_u32_le() as usize;
        let bytes = header.get_u32_le() as usize;
        if !(HEADER_BYTES..=BLOCK_BYTES_MAX).contains(&packed_bytes) || bytes > BLOCK_BYTES_MAX {
            return Err(broken(format!("a block of {packed_bytes} packed and {bytes} plain bytes is out of bounds")));
        }
        if self.input.len() < CHECKSUM_BYTES + packed_bytes {
            return Ok(None);
        }
        let mut block = self.input.split_to(CHECKSUM_BYTES + packed_bytes);
        let told = block.get_u128_le();
        if told != checksum(&block) {
            return Err(Exception::new(40, "CHECKSUM_DOESNT_MATCH", "a compressed block's checksum does not match"));
        }
        block.advance(HEADER_BYTES);
        match method {
            LZ4 => lz4_flex::block::decompress(&block, bytes).map(|content| Some(Bytes::from(content))).map_err(broken),
            PLAIN => Ok(Some(block.freeze())),
            other => Err(Exception::unsupported(format!("compression method {other:#x} is not supported, send LZ4"))),
        }
    }

    /// Whether all bytes were used.
    pub fn finish(&self) -> Result<(), Exception> {
        if self.input.is_empty() { Ok(()) } else { Err(broken("the last block is cut off")) }
    }
}

fn broken(what: impl std::fmt::Display) -> Exception {
    Exception::new(271, "CANNOT_DECOMPRESS", format!("cannot decompress: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_survive_being_cut_anywhere() {
        let contents = [b"first".to_vec(), vec![7; 100_000], Vec::new()];
        let wire: Vec<u8> = contents.iter().flat_map(|content| pack(content)).collect();
        for cut in [1, 7, 25, 1000, wire.len()] {
            let mut unpacker = Unpacker::default();
            let mut seen = Vec::new();
            for bytes in wire.chunks(cut) {
                unpacker.push(bytes);
                while let Some(content) = unpacker.next().unwrap() {
                    seen.push(content.to_vec());
                }
            }
            unpacker.finish().unwrap();
            assert_eq!(seen, contents, "cut at {cut}");
        }
    }

    #[test]
    fn damaged_blocks_are_refused() {
        let mut wire = pack(b"content").to_vec();
        wire[CHECKSUM_BYTES + HEADER_BYTES] ^= 1;
        let mut unpacker = Unpacker::default();
        unpacker.push(&wire);
        assert_eq!(unpacker.next().map_err(|error| error.code), Err(40));
        let mut unpacker = Unpacker::default();
        unpacker.push(&[0xff; 40]);
        assert_eq!(unpacker.next().map_err(|error| error.code), Err(271));
        let mut unpacker = Unpacker::default();
        unpacker.push(&pack(b"content")[..30]);
        assert_eq!(unpacker.next(), Ok(None));
        assert!(unpacker.finish().is_err());
    }
}
