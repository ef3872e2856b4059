//! Asked when faults have stopped and everything has caught up: compares what is in ClickHouse, read past Felt, with what the oracle
//! knows. It never asks how something went wrong, only whether it did.

use std::collections::BTreeMap;

use anyhow::Result;

use super::clickhouse::ClickHouse;
use super::door::BAIT_SITE;
use super::oracle::{Known, Oracle};
use super::promises;
use super::rollups;
use super::told::{SITES, Told, View};
use super::verdict::Verdict;

/// Page views are fetched in so many parts.
const SLICES: u32 = 8;

/// Ids of the views that show that everything before them has been counted begin so.
pub const MARK: &str = "mark-";

/// What the judge must know beside the oracle.
pub struct Circumstances {
    /// Views of the first site that begin with [`MARK`].
    pub marks: u64,
    /// Whether Felt itself may append a copy twice: what was spooled because Kafka did not answer may be on the topic already.
    pub log_repeats: bool,
}

/// One row of raw page views, summed by sign.
type Row = (String, String, u32, u32, u32, u32, u32, String, String, i64);

/// The verdict.
///
/// # Errors
/// When ClickHouse cannot be asked.
pub async fn judge(clickhouse: &ClickHouse, oracle: &Oracle, circumstances: &Circumstances) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let views = oracle.views();
    let ends = raw(clickhouse, oracle.seed, &views, &mut verdict).await?;
    events(clickhouse, oracle.seed, &ends, &mut verdict).await?;
    rollups::judge(clickhouse, &sites_sql(), &mut verdict).await?;
    promises::judge(clickhouse, &mut verdict).await?;
    outcomes(clickhouse, oracle, &ends, circumstances, &mut verdict).await?;
    planted(clickhouse, oracle, &mut verdict).await?;
    Ok(verdict)
}

fn sites_sql() -> String {
    SITES.map(|site| format!("'{site}'")).join(", ")
}

/// Each view at most once, with what its latest snapshot told; by number, the `seq` that counts.
async fn raw(clickhouse: &ClickHouse, seed: u64, views: &[Known], verdict: &mut Verdict) -> Result<Vec<Option<u32>>> {
    let mut ends: Vec<Option<u32>> = vec![None; views.len()];
    for slice in 0..SLICES {
        let rows: Vec<Row> = clickhouse
            .rows(&format!(
                "SELECT toString(site), view, seq, lcp, inp, cls, ttfb, toString(page), title, toInt64(sum(sign)) AS n FROM page_views \
                 WHERE site != '{BAIT_SITE}' AND NOT startsWith(view, '{MARK}') AND cityHash64(view) % {SLICES} = {slice} \
                 GROUP BY site, view, seq, lcp, inp, cls, ttfb, page, title HAVING n != 0"
            ))
            .await?;
        for (site, id, seq, lcp, inp, cls, ttfb, page, title, count) in rows {
            let number = View::number_of(seed, &id).filter(|n| (*n as usize) < views.len());
            let Some(n) = number.filter(|n| View { seed, n: *n }.site() == site) else {
                verdict.found("spurious", format!("{site} {id} seq {seq}"));
                continue;
            };
            let (view, known) = (View { seed, n }, views[n as usize]);
            if count != 1 || ends[n as usize].is_some() {
                verdict.found(
                    "duplicated",
                    format!("{site} {id} seq {seq}: {count} times, beside {:?}", ends[n as usize]),
                );
            }
            ends[n as usize] = Some(seq);
            let told = Told { seq, lcp, inp, cls, ttfb, page, title, events: 0 };
            if known.sent >> seq.min(7) & 1 == 0 {
                verdict.found("spurious", format!("{site} {id} seq {seq} was never sent"));
            } else if !known.may_end_as(seq) {
                verdict.found(
                    "corrupted",
                    format!("{site} {id} ends as seq {seq}, but {:?} was acknowledged", known.least()),
                );
            } else if told != (Told { events: 0, ..view.told(seq) }) {
                verdict.found("corrupted", format!("{site} {id}: {told:?} instead of {:?}", view.told(seq)));
            }
        }
    }
    for (n, known) in views.iter().enumerate().filter(|(n, _)| ends[*n].is_none()) {
        if known.least().is_some() {
            verdict.found(
                "missing",
                format!("{} acknowledged up to seq {:?}", View { seed, n: n as u32 }.id(), known.least()),
            );
        }
    }
    let there = ends.iter().flatten().count();
    let acked = views.iter().filter(|known| known.acked != 0).count();
    verdict.fact(format!("{} page views sent, {acked} acknowledged, {there} counted", views.len()));
    Ok(ends)
}

/// The events of the counted snapshot of each view, each once, and no others.
async fn events(clickhouse: &ClickHouse, seed: u64, ends: &[Option<u32>], verdict: &mut Verdict) -> Result<()> {
    let mut expected: u64 = ends
        .iter()
        .enumerate()
        .filter_map(|(n, seq)| Some(u64::from(View { seed, n: n as u32 }.told((*seq)?).events)))
        .sum();
    let all = expected;
    for slice in 0..SLICES {
        let rows: Vec<(String, u32, u32, i64)> = clickhouse
            .rows(&format!(
                "SELECT view, seq, toUInt32(n) AS ordinal, toInt64(sum(sign)) AS total FROM events \
                 WHERE site IN ({}) AND cityHash64(view) % {SLICES} = {slice} GROUP BY view, seq, ordinal HAVING total != 0",
                sites_sql()
            ))
            .await?;
        for (id, seq, ordinal, total) in rows {
            let n = View::number_of(seed, &id).unwrap_or(u32::MAX);
            let end = ends.get(n as usize).copied().flatten();
            let fits = end == Some(seq) && total == 1 && ordinal < (View { seed, n }).told(seq).events;
            if fits {
                expected = expected.saturating_sub(1);
            } else {
                verdict.found(
                    "wrong events",
                    format!("{id} seq {seq} event {ordinal}: {total} times, the view ends as {end:?}"),
                );
            }
        }
    }
    if expected > 0 {
        verdict.found("missing events", format!("{expected} of {all}"));
    }
    verdict.fact(format!("{all} events"));
    Ok(())
}

/// Accepted is the number of page views; received is what the log was given.
async fn outcomes(
    clickhouse: &ClickHouse,
    oracle: &Oracle,
    ends: &[Option<u32>],
    circumstances: &Circumstances,
    verdict: &mut Verdict,
) -> Result<()> {
    let rows: Vec<(String, String, i64)> = clickhouse
        .rows("SELECT toString(site), toString(outcome), toInt64(sum(count)) FROM outcomes GROUP BY site, outcome")
        .await?;
    let counts: BTreeMap<(&str, &str), i64> =
        rows.iter().map(|(site, outcome, count)| ((site.as_str(), outcome.as_str()), *count)).collect();
    let count = |site, outcome| counts.get(&(site, outcome)).copied().unwrap_or(0);
    let mut received = 0;
    for (place, site) in SITES.into_iter().enumerate() {
        let there = ends.iter().skip(place).step_by(SITES.len()).flatten().count() as u64;
        let there = (there + if place == 0 { circumstances.marks } else { 0 }) as i64;
        let accepted = count(site, "accepted");
        if accepted != there {
            verdict.found("outcomes", format!("{site}: {accepted} accepted, but {there} page views are there"));
        }
        received += accepted + count(site, "replaced");
    }
    let answers = oracle.answers();
    let received = received.max(0) as u64;
    // A mark is sent until it is acknowledged: once, or seldom twice.
    let least = answers.acked + circumstances.marks;
    let most = least + answers.unknown + circumstances.marks;
    if received < least || (received > most && !circumstances.log_repeats) {
        verdict
            .found("outcomes", format!("{received} received, but {least} were acknowledged and at most {most} sent"));
    }
    verdict
        .fact(format!("{received} snapshots received, {} acknowledged, {} in doubt", answers.acked, answers.unknown));
    verdict.fact(format!("requests by answer: {:?}", answers.requests));
    Ok(())
}

/// Each poisoned record a dead letter, once; each page view of many days counted once.
async fn planted(clickhouse: &ClickHouse, oracle: &Oracle, verdict: &mut Verdict) -> Result<()> {
    let planted = oracle.planted();
    let rows: Vec<(String, i64)> =
        clickhouse.rows("SELECT value, toInt64(count()) FROM dead_letters GROUP BY value").await?;
    let letters: BTreeMap<String, i64> = rows.into_iter().collect();
    for (value, count) in &letters {
        if !planted.poison.contains_key(value) {
            verdict.found("dead letters", format!("{value:?} was never planted"));
        } else if *count != 1 {
            verdict.found("dead letters", format!("{value:?} is there {count} times"));
        }
    }
    for value in planted.poison.iter().filter(|(_, durable)| **durable).map(|(value, _)| value) {
        if !letters.contains_key(value) {
            verdict.found("dead letters", format!("{value:?} is missing"));
        }
    }
    let refused = clickhouse
        .number("SELECT toInt64(sum(count)) FROM outcomes WHERE outcome = 'refused' AND reason = 'dead_letter'")
        .await?;
    if refused != letters.values().sum::<i64>() {
        verdict.found("dead letters", format!("{refused} in outcomes, {} letters", letters.values().sum::<i64>()));
    }
    let bait = format!("site = '{BAIT_SITE}'");
    let accepted = format!("SELECT toInt64(sum(count)) FROM outcomes WHERE {bait} AND outcome = 'accepted'");
    let rolled = format!(
        "SELECT toInt64(sum(views)) FROM rollup_hour WHERE {bait} AND grouping = 'site' AND metric = 'happiness'"
    );
    for (what, sql) in [("accepted", accepted), ("rolled up", rolled)] {
        let count = clickhouse.number(&sql).await?;
        let count = count.max(0) as u64;
        if count < planted.bait || count > planted.bait + planted.bait_unknown {
            verdict.found("bait", format!("{count} {what}, {} planted", planted.bait));
        }
    }
    verdict.fact(format!("{} broken records, {} page views of many days", planted.poison.len(), planted.bait));
    Ok(())
}
