//! Small bodies that unpack to large ones: refused at their limit with flat memory, wherever gzip is taken. In a file, and so in a process,
//! of its own: what is measured is the process's memory.

mod support;

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use support::{Felt, Request, gzip, snapshot};

const GIB: usize = 1 << 30;
/// One beacon unpacks to 1 MiB, one import holds a few MiB: nothing like the bomb.
const GROWTH_BYTES_MAX: u64 = 64 << 20;

fn peak_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let kib = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap() * 1024
}

/// So much of one byte, packed without ever being held.
fn bomb(byte: u8, bytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let piece = vec![byte; 1 << 20];
    for _ in 0..bytes / piece.len() {
        encoder.write_all(&piece).unwrap();
    }
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_gibibyte_in_gzip_is_refused_and_memory_stays_flat() {
    let felt = Felt::start().await;
    let good = snapshot(1);
    let [spaces, lines, braces] = [bomb(b' ', GIB), bomb(b'\n', GIB / 4), bomb(b'[', 60 << 20)];
    assert!(braces.len() < 500_000, "{}", braces.len());
    // As many of one byte as fit into what a beacon may have on the wire.
    let within_wire = bomb(b' ', 12 << 20);
    assert!(within_wire.len() < 64 << 10, "{}", within_wire.len());
    let before = peak_bytes();

    let packed = |bytes: &[u8]| Request::beacon(bytes).header("content-encoding", "gzip");
    let table = [
        ("a gibibyte, over the limit on the wire too", packed(&spaces), 413, "too-large"),
        ("twelve mebibytes in 64 KiB", packed(&within_wire), 413, "too-large"),
        ("the same without being told", Request::beacon(&within_wire), 413, "too-large"),
        ("a bomb in a bomb", packed(&gzip(&within_wire)), 400, "bad-beacon"),
        ("a bomb behind a good snapshot", packed(&[gzip(&good), within_wire.clone()].concat()), 413, "too-large"),
    ];
    for (name, request, status, problem) in table {
        let answer = felt.send(request).await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, problem), "{name}");
    }

    // An import may be of any length: a line may not.
    let import = |bytes: &[u8]| Request::post("/api/v1/sites/shop/import", bytes).header("content-encoding", "gzip");
    let table =
        [("one line", &spaces, 1), ("nothing but empty lines", &lines, 0), ("brackets without end", &braces, 1)];
    for (name, body, too_long) in table {
        let report = felt.send(import(body)).await.json();
        assert_eq!((&report["accepted"], &report["received"]), (&0.into(), &too_long.into()), "{name}: {report}");
        assert_eq!(report["refused"]["line_too_long"].as_u64().unwrap_or(0), too_long, "{name}: {report}");
    }
    let grown = peak_bytes() - before;
    assert!(grown < GROWTH_BYTES_MAX, "{grown} bytes more");
    assert_eq!(felt.send(Request::beacon(good)).await.status, 204);
    assert_eq!(felt.stop().await.views.len(), 1);
}
