//! `felt import`: sends NDJSON files to a running Felt in pieces, shows progress, and resumes after a break.
//!
//! The other end counts each page view once however often it is sent, so a piece whose answer was lost is simply sent
//! again. The place reached in a file is kept in the cache folder, keyed by the file's content, not its name.

mod client;
mod place;

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::bufread::MultiGzDecoder;

pub use self::client::{Client, Report};
use self::place::Place;
use crate::cli;

/// Lines in a piece: large enough that the request costs nothing, small enough that a break loses a second's work.
const PIECE_LINES_MAX: usize = 10_000;
/// Bytes in a piece; a piece ends at whichever comes first.
const PIECE_BYTES_MAX: usize = 8 << 20;

/// Imports every file, then prints what became of the lines.
pub async fn run(args: cli::Import, cache_dir: &Path) -> Result<()> {
    let client = Client::new(&args.to, &args.site, args.token.clone())?;
    let mut total = Report::default();
    for file in &args.files {
        total.add(&import_file(&client, file, cache_dir).await?);
    }
    println!("{total}");
    if total.received > 0 && total.accepted == 0 {
        bail!("no line was accepted; the faults above say how to mend them");
    }
    Ok(())
}

async fn import_file(client: &Client, file: &Path, cache_dir: &Path) -> Result<Report> {
    let name = file.display().to_string();
    let mut place = if name == "-" { Place::nowhere() } else { Place::of(file, client.target(), cache_dir)? };
    if place.lines() > 0 {
        eprintln!("{name}: going on after line {}", place.lines());
    }
    let mut lines = open(file).with_context(|| format!("{name} cannot be read"))?;
    skip_lines(&mut lines, place.lines())?;
    let mut report = Report::default();
    let mut progress = Progress::new(&name);
    loop {
        // The files are local and the pieces small: reading them here keeps one piece in memory at a time.
        let piece = read_piece(&mut lines).with_context(|| format!("{name} cannot be read"))?;
        if piece.lines == 0 {
            break;
        }
        let answer = client.send(piece.bytes, place.lines()).await.with_context(|| {
            format!("{name} was imported up to line {}; run the same command to go on", place.lines())
        })?;
        place.advance(piece.lines)?;
        report.add(&answer);
        progress.show(place.lines(), &report);
    }
    progress.end();
    place.finish()?;
    Ok(report)
}

struct Piece {
    bytes: Vec<u8>,
    lines: u64,
}

fn read_piece(lines: &mut dyn BufRead) -> io::Result<Piece> {
    let mut piece = Piece { bytes: Vec::with_capacity(PIECE_BYTES_MAX), lines: 0 };
    while piece.lines < PIECE_LINES_MAX as u64 && piece.bytes.len() < PIECE_BYTES_MAX {
        if lines.read_until(b'\n', &mut piece.bytes)? == 0 {
            break;
        }
        piece.lines += 1;
    }
    Ok(piece)
}

fn skip_lines(lines: &mut dyn BufRead, count: u64) -> io::Result<()> {
    for _ in 0..count {
        lines.skip_until(b'\n')?;
    }
    Ok(())
}

/// Opens a file or standard input, unpacking gzip by its first bytes.
fn open(file: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    let raw: Box<dyn Read + Send> =
        if file.as_os_str() == "-" { Box::new(io::stdin()) } else { Box::new(File::open(file)?) };
    let mut raw = BufReader::with_capacity(1 << 20, raw);
    Ok(if raw.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        Box::new(BufReader::with_capacity(1 << 20, MultiGzDecoder::new(raw)))
    } else {
        Box::new(raw)
    })
}

/// One line of progress that rewrites itself on a terminal, and is silent elsewhere.
struct Progress {
    name: String,
    on_terminal: bool,
    started: std::time::Instant,
}

impl Progress {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), on_terminal: io::stderr().is_terminal(), started: std::time::Instant::now() }
    }

    fn show(&mut self, lines: u64, report: &Report) {
        if self.on_terminal {
            let rate = report.received as f64 / self.started.elapsed().as_secs_f64().max(0.001);
            let accepted = report.accepted;
            eprint!("\r{}: line {lines}, {accepted} accepted, {rate:.0} lines/s ", self.name);
            let _ = io::stderr().flush();
        }
    }

    fn end(&self) {
        if self.on_terminal {
            eprintln!();
        }
    }
}
