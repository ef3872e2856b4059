//! Every limit of the beacon and the record, with its unit and its reason. What is over a limit is cut or dropped and
//! counted, never taken silently.

/// Bytes of a beacon's body as sent: `sendBeacon` refuses more than 64 KiB, so no honest browser sends more.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a beacon's body once unpacked: sixteen-fold is more than gzip gains on honest JSON.
pub const BODY_UNPACKED_BYTES_MAX: usize = 1024 * 1024;
/// Snapshots in one beacon: an offline queue's worth.
pub const SNAPSHOTS_MAX: usize = 64;
/// Events kept of one snapshot; the rest is counted as dropped.
pub const EVENTS_MAX: usize = 64;
/// Tags kept of one snapshot.
pub const TAGS_MAX: usize = 50;
/// Bytes of a tag's name.
pub const TAG_KEY_BYTES_MAX: usize = 64;
/// Bytes of any free text: tag values, titles, messages, selectors, feedback.
pub const VALUE_BYTES_MAX: usize = 1024;
/// Bytes of a stack trace, the one text that is long for a good reason.
pub const STACK_BYTES_MAX: usize = 4096;
/// Bytes of a URL.
pub const URL_BYTES_MAX: usize = 2048;
/// Bytes of a route or a normalised page.
pub const PAGE_BYTES_MAX: usize = 256;
/// Path segments of a normalised page.
pub const PAGE_SEGMENTS_MAX: usize = 8;
/// Bytes of a short name: of a timing, a journey, a step, a release, a script.
pub const NAME_BYTES_MAX: usize = 128;
/// Bytes of a code: language, connection, event type, currency.
pub const CODE_BYTES_MAX: usize = 40;
/// Bytes of a time zone's name.
pub const ZONE_BYTES_MAX: usize = 64;
/// Fewest characters of a `view`, `session` or `visitor` id.
pub const ID_CHARS_MIN: usize = 8;
/// Most characters of a `view`, `session` or `visitor` id.
pub const ID_CHARS_MAX: usize = 64;
/// Bytes of a user agent that are looked at: hostile ones cost the parser dearly.
pub const USER_AGENT_BYTES_MAX: usize = 512;

/// How old a snapshot may say it is, in ms: a day, the life of an offline queue. Older ones count as this old.
pub const AGE_MS_MAX: f64 = 24.0 * 3_600_000.0;
/// Longest metric in ms: beyond ten minutes the clock was broken or the machine slept.
pub const METRIC_MS_MAX: f64 = 600_000.0;
/// Longest custom timing in ms: an hour, and still below 2³² µs.
pub const TIMING_MS_MAX: f64 = 3_600_000.0;
/// Largest layout shift.
pub const CLS_MAX: f64 = 100.0;
/// Latest instant within a view, in ms: as long as a snapshot may wait.
pub const INSTANT_MS_MAX: f64 = AGE_MS_MAX;
/// Largest amount of money on a step, in units of its currency.
pub const AMOUNT_MAX: f64 = 1e9;
/// Largest feedback scale.
pub const SCORE_MAX: f64 = 1_000.0;
/// Largest round trip time in ms that the browser's estimate is believed for.
pub const RTT_MS_MAX: f64 = 60_000.0;
/// Largest device pixel ratio.
pub const DPR_MAX: f64 = 64.0;
/// Largest device memory in GiB.
pub const MEMORY_GIB_MAX: f64 = 65_536.0;
/// Largest number of logical processors.
pub const CORES_MAX: u32 = 65_535;
/// Largest side of a viewport in CSS pixels.
pub const VIEWPORT_MAX: u32 = 65_535;

/// What stands for the values beyond a day's budget.
pub const OTHER: &str = "(other)";
