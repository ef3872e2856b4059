//! Forgets the tokens of inserts in which ClickHouse was killed.
//!
//! A plain MergeTree table first writes a block's token into its deduplication log, and then gives the block's part its name, both
//! under the table's lock. Killed in between, it takes the repetition of that insert for known, and its rows are nowhere. So
//! before the tables are opened, a table's last record is taken back when its part is not there; earlier records have had theirs.
//!
//! The log: lines of operation (1 added, 2 dropped), part and block, separated by tabs, in files numbered from 1.
//! <https://github.com/ClickHouse/ClickHouse/blob/master/src/Storages/MergeTree/MergeTreeDeduplicationLog.cpp>

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A record is some hundred bytes long.
const TAIL_BYTES: u64 = 4_096;
const ADDED: &str = "1";

/// The last record of a table's log.
struct Record {
    log: PathBuf,
    /// Where the record begins.
    at: u64,
    part: String,
}

/// Takes back the records of parts that never came to be in the tables of `clickhouse`, and gives their number. Nothing may have the tables open.
///
/// # Errors
/// When a log cannot be read or cut.
pub(super) fn forget_unfinished(clickhouse: &Path) -> io::Result<usize> {
    let mut forgotten = 0;
    for tables in entries(&clickhouse.join("store"))? {
        for table in entries(&tables)? {
            let Some(Record { log, at, part }) = last_added(&table.join("deduplication_logs"))? else { continue };
            if holds(&table, &part)? {
                continue;
            }
            let file = File::options().write(true).open(&log)?;
            file.set_len(at)?;
            file.sync_all()?;
            tracing::warn!(table = %table.display(), part, "the engine was killed inside an insert: its token is forgotten, its repetition counts");
            forgotten += 1;
        }
    }
    Ok(forgotten)
}

/// What lies in a directory; nothing where there is none.
fn entries(dir: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(dir) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The last record of the newest log that has any, if it is of a part that was added.
fn last_added(logs: &Path) -> io::Result<Option<Record>> {
    let number = |log: &Path| -> Option<u64> {
        log.file_name()?.to_str()?.strip_prefix("deduplication_log_")?.strip_suffix(".txt")?.parse().ok()
    };
    let mut logs: Vec<_> = entries(logs)?.into_iter().filter_map(|log| Some((number(&log)?, log))).collect();
    logs.sort();
    while let Some((_, log)) = logs.pop() {
        let mut file = File::open(&log)?;
        let length = file.metadata()?.len();
        if length == 0 {
            continue;
        }
        let from = length.saturating_sub(TAIL_BYTES);
        file.seek(SeekFrom::Start(from))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        return Ok(last_line(&tail, from).and_then(|(at, line)| {
            let mut fields = line.split('\t');
            let added = fields.next() == Some(ADDED);
            let part = fields.next()?.to_owned();
            added.then_some(Record { log, at, part })
        }));
    }
    Ok(None)
}

/// The last line of a file's tail, which begins at `from`, and where in the file the line begins. None when it is not whole.
fn last_line(tail: &[u8], from: u64) -> Option<(u64, &str)> {
    let lines = tail.strip_suffix(b"\n")?;
    let begin = match lines.iter().rposition(|byte| *byte == b'\n') {
        Some(newline) => newline + 1,
        None if from == 0 => 0,
        None => return None,
    };
    Some((from + begin as u64, std::str::from_utf8(&lines[begin..]).ok()?))
}

/// Whether a table has a part, as it was or merged into another.
fn holds(table: &Path, part: &str) -> io::Result<bool> {
    if table.join(part).is_dir() {
        return Ok(true);
    }
    let Some((partition, first, last)) = blocks_of(part) else { return Ok(true) };
    Ok(entries(table)?.iter().any(|entry| {
        let blocks = entry.file_name().and_then(|name| blocks_of(name.to_str()?));
        blocks.is_some_and(|(other, from, to)| other == partition && from <= first && last <= to)
    }))
}

/// A part's partition and its first and last block: `partition_first_last_level`, and `_mutation` behind that of a mutated one.
fn blocks_of(part: &str) -> Option<(&str, u64, u64)> {
    let mut fields = part.split('_');
    let partition = fields.next()?;
    let mut number = || fields.next()?.parse::<u64>().ok();
    let (first, last, _level) = (number()?, number()?, number()?);
    Some((partition, first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(scratch: &Path, parts: &[&str], logs: &[&str]) -> PathBuf {
        let table = scratch.join("store/0ab/0ab");
        for part in parts {
            fs::create_dir_all(table.join(part)).expect("a part");
        }
        fs::create_dir_all(table.join("deduplication_logs")).expect("logs");
        for (n, log) in logs.iter().enumerate() {
            fs::write(table.join(format!("deduplication_logs/deduplication_log_{}.txt", n + 1)), log).expect("a log");
        }
        table
    }

    fn record(operation: u8, part: &str) -> String {
        format!("{operation}\t{part}\t20351122_1_2\n")
    }

    #[test]
    fn a_last_record_without_its_part_is_taken_back_and_no_other() {
        let first = record(1, "20351122_9_9_0");
        let last = record(1, "20351122_10_10_0");
        let both = format!("{first}{last}");
        let dropped = format!("{both}{}", record(2, "20351122_10_10_0"));
        let long = format!("{}{last}", first.repeat(500));
        // Parts, logs, and what is left of the last log that has something in it.
        let cases: [(&[&str], &[&str], &str); 12] = [
            (&[], &[&both], &first),
            (&["20351122_10_10_0"], &[&both], &both),
            (&["20351122_1_10_2"], &[&both], &both),
            (&["20351122_10_10_0_11"], &[&both], &both),
            (&["20351122_1_9_2", "20351123_10_10_0"], &[&both], &first),
            (&["tmp_insert_20351122_10_10_0", "detached/20351122_10_10_0"], &[&both], &first),
            (&[], &[&dropped], &dropped),
            (&[], &[&last, ""], ""),
            (&[], &[&long], &first.repeat(500)),
            (&[], &[&both[..both.len() - 1]], &both[..both.len() - 1]),
            (&[], &["garbage\n"], "garbage\n"),
            (&[], &["1\tgarbage\tx\n"], "1\tgarbage\tx\n"),
        ];
        for (parts, logs, left) in cases {
            let scratch = tempfile::tempdir().expect("scratch");
            let table = table(scratch.path(), parts, logs);
            let forgotten = forget_unfinished(scratch.path()).expect("readable");
            let found = fs::read_to_string(table.join("deduplication_logs/deduplication_log_1.txt")).expect("the log");
            assert_eq!((forgotten, found.as_str()), (usize::from(left != logs[0]), left), "{parts:?} {logs:?}");
        }
    }

    #[test]
    fn the_newest_log_is_the_one_with_the_highest_number() {
        let scratch = tempfile::tempdir().expect("scratch");
        let logs: Vec<String> = (1..=10).map(|n| record(1, &format!("20351122_{n}_{n}_0"))).collect();
        let table = table(scratch.path(), &[], &logs.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(forget_unfinished(scratch.path()).expect("readable"), 1);
        let length =
            |n| fs::metadata(table.join(format!("deduplication_logs/deduplication_log_{n}.txt"))).expect("a log").len();
        assert_eq!((length(9) > 0, length(10)), (true, 0));
    }

    #[test]
    fn an_engine_that_never_ran_has_nothing_to_forget() {
        let scratch = tempfile::tempdir().expect("scratch");
        assert_eq!(forget_unfinished(&scratch.path().join("clickhouse")).expect("nothing there"), 0);
    }
}
