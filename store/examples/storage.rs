//! What a raw page view weighs on disk, column by column: `cargo run -p felt-store --features testing --example storage`.
//!
//! The views are generated: three to a session, 200 pages, and every measure independent noise, which no codec can
//! exploit. Real views compress better.

use felt_store::QueryLimits;
use felt_store::testing::TestEngine;

const VIEWS: u64 = 1_000_000;
const BATCH: u64 = 50_000;

/// Log-normal noise around `median_ms` in micro units, rounded as browsers round.
fn noise(median_ms: u32, spread: f64, seed: u32, step_micro: u32) -> String {
    format!(
        "toUInt32(least(600000000, intDiv(toUInt64({median_ms} * exp({spread} * randNormal(0, 1, {seed})) * 1000), \
         {step_micro}) * {step_micro}))"
    )
}

/// The columns that are not constant, with the expression that makes each.
fn columns() -> Vec<(&'static str, String)> {
    let id = |seed: &str| format!("substring(base64URLEncode(sipHash128({seed})::String), 1, 11)");
    let pick = |values: &str, seed: &str, n: u32| format!("[{values}][1 + {seed} % {n}]");
    let person = |seed: u32| format!("sipHash64(intDiv(number, 3), {seed})");
    let some = |value: String, seed: u32| format!("if(rand({seed}) % 3 = 0, {value}, 4294967295)");
    let mut columns = vec![
        ("site", "'shop'".into()),
        ("view", id("(number, 'view')")),
        ("seq", "1 + rand(1) % 3".into()),
        ("sign", "1".into()),
        ("day", "toDate('2079-07-18')".into()),
        (
            "received_at",
            format!(
                "toDateTime64('2079-07-18 08:00:00', 3, 'UTC') + toIntervalMillisecond(intDiv(number * 43200000, {VIEWS}))"
            ),
        ),
        ("started_at", "received_at - toIntervalMillisecond(2000 + rand(2) % 60000)".into()),
        ("session", id("(intDiv(number, 3), 'session')")),
        ("page", "concat('/p/', toString(toUInt32(200 * pow(rand(3) / 4294967296., 3))), '/:id')".into()),
        (
            "path",
            "concat('/p/', toString(toUInt32(200 * pow(rand(3) / 4294967296., 3))), '/', toString(rand(4) % 5000))"
                .into(),
        ),
        ("title", "concat('Product ', toString(rand(4) % 5000), ' - Shop')".into()),
        ("host", "'shop.example'".into()),
        ("country", pick("'DE', 'FR', 'US', 'GB', 'NL'", &person(0), 5)),
        ("device", pick("'mobile', 'desktop', 'tablet'", &person(1), 3)),
        ("os", pick("'Android', 'Windows', 'macOS', 'iOS'", &person(2), 4)),
        ("browser", pick("'Chrome', 'Safari', 'Firefox', 'Edge'", &person(3), 4)),
        ("browser_version", format!("toString(120 + {} % 8)", person(4))),
        ("left_ms", "3000 + rand(9) % 120000".into()),
        ("cls", "if(rand(12) % 2 = 0, 0, toUInt32(20000 * exp(randNormal(0, 1, 3))))".into()),
        ("inp", some(noise(80, 0.7, 2, 8_000), 11)),
        ("inp_input_delay", some(noise(20, 0.7, 18, 8_000), 11)),
        ("inp_processing", some(noise(40, 0.7, 19, 8_000), 11)),
        ("inp_presentation", some(noise(30, 0.7, 20, 8_000), 11)),
        ("log_partition", "rand(15) % 4".into()),
        ("log_offset", "number".into()),
    ];
    let timings = [
        ("lcp", 1800),
        ("fcp", 1200),
        ("ttfb", 350),
        ("request", 250),
        ("response", 30),
        ("dom_interactive", 1500),
        ("dom_content_loaded", 1700),
        ("load", 2500),
        ("lcp_ttfb", 350),
        ("lcp_load_delay", 200),
        ("lcp_load_time", 300),
        ("lcp_render_delay", 400),
    ];
    columns.extend(timings.into_iter().zip(30..).map(|((name, median), seed)| (name, noise(median, 0.6, seed, 100))));
    columns
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = TestEngine::start().await;
    let store = engine.migrated("felt").await;
    let columns = columns();
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let values: Vec<_> = columns.iter().map(|(name, value)| format!("{value} AS {name}")).collect();
    for batch in 0..VIEWS / BATCH {
        let (names, values, first) = (names.join(", "), values.join(", "), batch * BATCH);
        let sql = format!("INSERT INTO page_views ({names}) SELECT {values} FROM numbers({first}, {BATCH})");
        store.execute(&sql).await?;
    }
    store.execute("OPTIMIZE TABLE page_views FINAL").await?;
    let sql = format!(
        "SELECT name, compression_codec, round(data_compressed_bytes / {VIEWS}, 2) AS bytes FROM system.columns \
         WHERE database = 'felt' AND table = 'page_views' AND bytes >= 0.1 ORDER BY bytes DESC"
    );
    for row in store.query_json(&sql, &[], QueryLimits::default()).await? {
        println!("{:>6} {} {}", row[2], row[0].as_str().unwrap_or_default(), row[1].as_str().unwrap_or_default());
    }
    let sql = "SELECT sum(bytes_on_disk) / sum(rows) FROM system.parts WHERE table = 'page_views' AND active";
    println!("{:>6} bytes a view", store.query_json(sql, &[], QueryLimits::default()).await?[0][0]);
    Ok(())
}
