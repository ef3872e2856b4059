//! From a snapshot to its rows: one of `page_views`, one of `events` for each thing that happened.
//!
//! Pure but for the budgets: all that is known comes out of the record, so a replay makes the same rows. Which snapshot of a
//! view counts is [`crate::batch`]'s to say, and when the view began too (the first snapshot that arrived said it).

use felt_schema::clock::day_of;
use felt_schema::metric::{MISSING, Metric, to_micro, to_micro_or_missing};
use felt_schema::record::ViewRecord;
use felt_schema::rows::{EventRow, PageViewRow};
use felt_schema::site::{Site, Sites};
use felt_schema::snapshot::{ClsAttribution, Event, EventKind, InpAttribution, LcpAttribution, Snapshot};

use crate::bot::{self, PageWords};
use crate::budget::{Dimension, Folder};
use crate::device;
use crate::route::{self, Router};
use crate::score::score;
use crate::settings::Settings;
use crate::state::ViewRows;
use crate::user_agent::UserAgents;

/// Longest language tag that is believed: `zh-Hant-TW-x-other`.
const LANG_BYTES_MAX: usize = 20;

/// What the rules need besides the record. One per worker; the memories only make it faster.
pub struct Rules<'a> {
    /// The configured sites.
    pub sites: &'a Sites,
    /// Budgets of what strangers may name.
    pub folder: Folder<'a>,
    /// Read user agents.
    pub agents: &'a mut UserAgents,
    /// Named pages.
    pub router: &'a mut Router,
    /// What sites judge by.
    pub settings: &'a Settings,
}

/// Where a record stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The partition.
    pub partition: u32,
    /// Its offset.
    pub offset: u64,
}

/// The rows of a snapshot, with `sign` 1.
pub fn rows(record: &ViewRecord<'_>, place: Place, started_at: i64, rules: &mut Rules<'_>) -> ViewRows {
    let view = page_view(record, place, started_at, rules);
    ViewRows { events: events(&record.snapshot, &view), view }
}

fn page_view(record: &ViewRecord<'_>, place: Place, started_at: i64, rules: &mut Rules<'_>) -> PageViewRow {
    let snapshot = &record.snapshot;
    let client = &snapshot.client;
    let (lcp, inp, cls) = (LcpAttribution::default(), InpAttribution::default(), ClsAttribution::default());
    let lcp = snapshot.attribution.lcp.as_ref().unwrap_or(&lcp);
    let inp = snapshot.attribution.inp.as_ref().unwrap_or(&inp);
    let cls = snapshot.attribution.cls.as_ref().unwrap_or(&cls);
    let unknown;
    let site = match rules.sites.get(&record.site) {
        Some(site) => site,
        // Taken out of the configuration while its beacons were in the log: they still count, under the default budgets.
        None => {
            unknown = Site { key: record.site.to_string(), ..Site::default() };
            &unknown
        }
    };
    let day = day_of(record.received_at_ms);
    let [viewport_width, viewport_height] = client.viewport.unwrap_or_default();
    let dpr = client.dpr.unwrap_or_default() as f32;

    let agent = rules.agents.read(&record.ua);
    let words = PageWords { webdriver: client.webdriver == Some(true), viewport_width, viewport_height };
    let bot = bot::rule(&record.ua, &agent, words);
    let device = device::with_viewport(agent.device, &agent.os, &agent.browser, viewport_width, viewport_height, dpr);

    let url = route::split(snapshot.url.as_deref().unwrap_or_default());
    let own = rules.settings.page_rules_at(&record.site, record.received_at_ms);
    let page = rules.router.page(snapshot.route.as_deref(), url.path, rules.sites.get(&record.site), own);
    let referrer = route::split(snapshot.referrer.as_deref().unwrap_or_default()).host;
    let mut keep = |dimension, value: &str| rules.folder.keep(day, site, dimension, "", value).to_owned();
    let page = keep(Dimension::Page, &page);
    let scales = rules.settings.scales_at(&record.site, record.received_at_ms);
    let score = score(snapshot, !bot.is_empty(), &page, scales);
    let (timing_names, timing_values) = timings(snapshot, |name| keep(Dimension::Timing, name));

    let mut row = PageViewRow {
        site: record.site.to_string(),
        view: snapshot.view.to_string(),
        seq: snapshot.seq,
        sign: 1,
        day,
        received_at: record.received_at_ms,
        started_at,
        session: snapshot.session.to_string(),
        visitor: owned(snapshot.visitor.as_deref()),
        page,
        path: url.path.to_owned(),
        host: keep(Dimension::Host, &url.host.to_ascii_lowercase()),
        title: owned(snapshot.title.as_deref()),
        referrer: keep(Dimension::Referrer, &referrer.to_ascii_lowercase()),
        nav: snapshot.nav.map_or("", |nav| nav.name()).to_owned(),
        country: country(&record.country),
        region: region(&record.region),
        device: device.name().to_owned(),
        os: keep(Dimension::Os, &agent.os),
        browser: keep(Dimension::Browser, &agent.browser),
        browser_version: agent.browser_version.clone(),
        connection: keep(Dimension::Connection, client.connection.as_deref().unwrap_or_default()),
        lang: keep(Dimension::Lang, lang(client.lang.as_deref().unwrap_or_default())),
        tz: keep(Dimension::Zone, client.tz.as_deref().unwrap_or_default()),
        release: keep(Dimension::Release, snapshot.release.as_deref().unwrap_or_default()),
        bot: bot.to_owned(),
        tags: Vec::new(),
        status: snapshot.status.and_then(|status| u16::try_from(status).ok()).unwrap_or_default(),
        failed: u8::from(score.failed),
        hidden_at_start: u8::from(snapshot.hidden_at_start),
        first_hidden_ms: whole_ms(snapshot.first_hidden),
        left_ms: whole_ms(snapshot.left),
        sample_rate: snapshot.sample_rate.unwrap_or(1.0) as f32,
        level: score.level,
        cause: score.cause.to_owned(),
        timing_names,
        timing_values,
        lcp_target: owned(lcp.target.as_deref()),
        lcp_url: owned(lcp.url.as_deref()),
        lcp_ttfb: to_micro_or_missing(lcp.ttfb),
        lcp_load_delay: to_micro_or_missing(lcp.load_delay),
        lcp_load_time: to_micro_or_missing(lcp.load_time),
        lcp_render_delay: to_micro_or_missing(lcp.render_delay),
        inp_target: owned(inp.target.as_deref()),
        inp_event: owned(inp.event.as_deref()),
        inp_script: owned(inp.script.as_deref()),
        inp_input_delay: to_micro_or_missing(inp.input_delay),
        inp_processing: to_micro_or_missing(inp.processing),
        inp_presentation: to_micro_or_missing(inp.presentation),
        cls_target: owned(cls.target.as_deref()),
        cls_time: to_micro_or_missing(cls.time),
        viewport_width,
        viewport_height,
        dpr,
        rtt: client.rtt.and_then(|rtt| u16::try_from(rtt).ok()).unwrap_or_default(),
        save_data: u8::from(client.save_data == Some(true)),
        memory: client.memory.unwrap_or_default() as f32,
        cores: client.cores.and_then(|cores| u16::try_from(cores).ok()).unwrap_or_default(),
        errors: count(snapshot, |event| event.is(EventKind::Error)),
        rage_clicks: count(snapshot, |event| event.is(EventKind::RageClick)),
        dead_clicks: count(snapshot, |event| event.is(EventKind::DeadClick)),
        failed_requests: count(snapshot, |event| event.is_failed_request()),
        log_partition: u16::try_from(place.partition).unwrap_or(u16::MAX),
        log_offset: place.offset,
        ..PageViewRow::default()
    };
    for metric in Metric::ALL {
        *row.metric_mut(metric) = score.metrics[metric as usize];
    }
    row.tags = tags(snapshot, day, site, &mut rules.folder);
    row
}

fn events(snapshot: &Snapshot<'_>, view: &PageViewRow) -> Vec<EventRow> {
    let rows = snapshot.events.iter().zip(0_u16..).map(|(event, n)| EventRow {
        site: view.site.clone(),
        day: view.day,
        received_at: view.received_at,
        at: view.started_at.saturating_add(event.at.unwrap_or_default().round() as i64),
        view: view.view.clone(),
        session: view.session.clone(),
        page: view.page.clone(),
        n,
        seq: view.seq,
        sign: 1,
        kind: event.kind.map_or("", |kind| kind.name()).to_owned(),
        name: owned(event.name.as_deref().or(event.journey.as_deref()).or(event.cause.as_deref())),
        step: owned(event.step.as_deref()),
        value: event.value.or(event.amount).unwrap_or(f64::NAN),
        currency: owned(event.currency.as_deref()),
        message: owned(event.message.as_deref()),
        stack: owned(event.stack.as_deref()),
        source: owned(event.source.as_deref()),
        url: owned(event.url.as_deref()),
        target: owned(event.target.as_deref()),
        script: owned(event.script.as_deref()),
        text: text(event),
        status: event.status.and_then(|status| u16::try_from(status).ok()).unwrap_or_default(),
        duration: event.duration.unwrap_or(f64::NAN),
        blocking: event.blocking.unwrap_or(f64::NAN),
        score: event.score.unwrap_or(f64::NAN),
        of: event.of.unwrap_or(f64::NAN),
        bot: view.bot.clone(),
        country: view.country.clone(),
        device: view.device.clone(),
        release: view.release.clone(),
    });
    rows.collect()
}

/// A visitor's words; of an error or a step the one word that says how bad it was.
fn text(event: &Event<'_>) -> String {
    if event.fatal == Some(true) {
        "fatal".to_owned()
    } else if event.failed == Some(true) {
        "failed".to_owned()
    } else {
        owned(event.text.as_deref())
    }
}

fn timings(snapshot: &Snapshot<'_>, mut keep: impl FnMut(&str) -> String) -> (Vec<String>, Vec<u32>) {
    let timing = |event: &Event<'_>| {
        let micro = to_micro(event.value.filter(|_| event.is(EventKind::Timing))?)?;
        Some((keep(event.name.as_deref()?), micro))
    };
    snapshot.events.iter().filter_map(timing).unzip()
}

fn tags(snapshot: &Snapshot<'_>, day: u16, site: &Site, folder: &mut Folder<'_>) -> Vec<(String, String)> {
    let mut tags: Vec<(String, String)> = Vec::with_capacity(snapshot.tags.len());
    for (name, value) in &snapshot.tags {
        let kept = folder.keep(day, site, Dimension::TagName, "", name);
        // A folded name's values would mix many tags: the name alone says that there were some.
        let value = if kept == name { folder.keep(day, site, Dimension::TagValue, name, value) } else { "" };
        if kept == name || tags.iter().all(|(other, _)| other != kept) {
            tags.push((kept.to_owned(), value.to_owned()));
        }
    }
    tags
}

fn owned(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn count(snapshot: &Snapshot<'_>, is: impl Fn(&Event<'_>) -> bool) -> u16 {
    u16::try_from(snapshot.events.iter().filter(|event| is(event)).count()).unwrap_or(u16::MAX)
}

/// Milliseconds into the view, whole; [`MISSING`] when it never came to it.
fn whole_ms(at: Option<f64>) -> u32 {
    at.map_or(MISSING, |at| (at.round() as u32).min(MISSING - 1))
}

/// ISO 3166 alpha-2 in capitals, or nothing: imports may say anything.
fn country(code: &str) -> String {
    let valid = code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_alphabetic());
    if valid { code.to_ascii_uppercase() } else { String::new() }
}

/// ISO 3166-2 without its country, or nothing.
fn region(code: &str) -> String {
    let valid = code.len() <= 6 && code.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-');
    if valid { code.to_ascii_uppercase() } else { String::new() }
}

/// A language tag, or nothing.
fn lang(tag: &str) -> &str {
    let valid =
        tag.len() <= LANG_BYTES_MAX && tag.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-');
    if valid { tag } else { "" }
}

#[cfg(test)]
mod tests;
