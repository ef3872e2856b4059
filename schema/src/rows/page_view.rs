//! The raw truth: one row a page view, one row an event, both cancelled by sign when a later snapshot arrives.

use serde::{Deserialize, Serialize};

use crate::anchors::LEVEL_NOT_JUDGED;
use crate::metric::{MISSING, Metric};

/// A row of `page_views`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
#[allow(missing_docs, reason = "the columns are described in the module, the table and the interface")]
pub struct PageViewRow {
    pub site: String,
    pub view: String,
    pub seq: u32,
    pub sign: i8,
    /// Day of arrival, UTC.
    pub day: u16,
    pub received_at: i64,
    pub started_at: i64,
    pub session: String,
    pub visitor: String,
    pub page: String,
    pub path: String,
    pub host: String,
    pub title: String,
    /// Host only.
    pub referrer: String,
    pub nav: String,
    pub country: String,
    pub region: String,
    pub device: String,
    pub os: String,
    pub browser: String,
    pub browser_version: String,
    pub connection: String,
    pub lang: String,
    pub tz: String,
    pub release: String,
    /// Empty for a human, else the name of the rule that found a bot.
    pub bot: String,
    pub tags: Vec<(String, String)>,
    pub status: u16,
    pub failed: u8,
    pub hidden_at_start: u8,
    pub first_hidden_ms: u32,
    pub left_ms: u32,
    pub sample_rate: f32,
    /// [`crate::anchors::Level`] as a number, or [`LEVEL_NOT_JUDGED`].
    pub level: u8,
    /// [`crate::happiness::Cause`] by name, or empty.
    pub cause: String,
    pub lcp: u32,
    pub inp: u32,
    pub cls: u32,
    pub fcp: u32,
    pub ttfb: u32,
    pub usable: u32,
    pub redirect: u32,
    pub dns: u32,
    pub connect: u32,
    pub tls: u32,
    pub request: u32,
    pub response: u32,
    pub dom_interactive: u32,
    pub dom_content_loaded: u32,
    pub load: u32,
    pub timing_names: Vec<String>,
    pub timing_values: Vec<u32>,
    pub lcp_target: String,
    pub lcp_url: String,
    pub lcp_ttfb: u32,
    pub lcp_load_delay: u32,
    pub lcp_load_time: u32,
    pub lcp_render_delay: u32,
    pub inp_target: String,
    pub inp_event: String,
    pub inp_script: String,
    pub inp_input_delay: u32,
    pub inp_processing: u32,
    pub inp_presentation: u32,
    pub cls_target: String,
    pub cls_time: u32,
    pub viewport_width: u16,
    pub viewport_height: u16,
    pub dpr: f32,
    pub rtt: u16,
    pub save_data: u8,
    pub memory: f32,
    pub cores: u16,
    pub errors: u16,
    pub rage_clicks: u16,
    pub dead_clicks: u16,
    pub failed_requests: u16,
    pub log_partition: u16,
    pub log_offset: u64,
}

impl Default for PageViewRow {
    fn default() -> Self {
        Self {
            site: String::new(),
            view: String::new(),
            seq: 0,
            sign: 1,
            day: 0,
            received_at: 0,
            started_at: 0,
            session: String::new(),
            visitor: String::new(),
            page: String::new(),
            path: String::new(),
            host: String::new(),
            title: String::new(),
            referrer: String::new(),
            nav: String::new(),
            country: String::new(),
            region: String::new(),
            device: String::new(),
            os: String::new(),
            browser: String::new(),
            browser_version: String::new(),
            connection: String::new(),
            lang: String::new(),
            tz: String::new(),
            release: String::new(),
            bot: String::new(),
            tags: Vec::new(),
            status: 0,
            failed: 0,
            hidden_at_start: 0,
            first_hidden_ms: MISSING,
            left_ms: MISSING,
            sample_rate: 1.0,
            level: LEVEL_NOT_JUDGED,
            cause: String::new(),
            lcp: MISSING,
            inp: MISSING,
            cls: MISSING,
            fcp: MISSING,
            ttfb: MISSING,
            usable: MISSING,
            redirect: MISSING,
            dns: MISSING,
            connect: MISSING,
            tls: MISSING,
            request: MISSING,
            response: MISSING,
            dom_interactive: MISSING,
            dom_content_loaded: MISSING,
            load: MISSING,
            timing_names: Vec::new(),
            timing_values: Vec::new(),
            lcp_target: String::new(),
            lcp_url: String::new(),
            lcp_ttfb: MISSING,
            lcp_load_delay: MISSING,
            lcp_load_time: MISSING,
            lcp_render_delay: MISSING,
            inp_target: String::new(),
            inp_event: String::new(),
            inp_script: String::new(),
            inp_input_delay: MISSING,
            inp_processing: MISSING,
            inp_presentation: MISSING,
            cls_target: String::new(),
            cls_time: MISSING,
            viewport_width: 0,
            viewport_height: 0,
            dpr: 0.0,
            rtt: 0,
            save_data: 0,
            memory: 0.0,
            cores: 0,
            errors: 0,
            rage_clicks: 0,
            dead_clicks: 0,
            failed_requests: 0,
            log_partition: 0,
            log_offset: 0,
        }
    }
}

impl PageViewRow {
    /// The column of a metric.
    pub fn metric(&self, metric: Metric) -> u32 {
        match metric {
            Metric::Lcp => self.lcp,
            Metric::Inp => self.inp,
            Metric::Cls => self.cls,
            Metric::Fcp => self.fcp,
            Metric::Ttfb => self.ttfb,
            Metric::Usable => self.usable,
            Metric::Redirect => self.redirect,
            Metric::Dns => self.dns,
            Metric::Connect => self.connect,
            Metric::Tls => self.tls,
            Metric::Request => self.request,
            Metric::Response => self.response,
            Metric::DomInteractive => self.dom_interactive,
            Metric::DomContentLoaded => self.dom_content_loaded,
            Metric::Load => self.load,
        }
    }

    /// The column of a metric, to write.
    pub fn metric_mut(&mut self, metric: Metric) -> &mut u32 {
        match metric {
            Metric::Lcp => &mut self.lcp,
            Metric::Inp => &mut self.inp,
            Metric::Cls => &mut self.cls,
            Metric::Fcp => &mut self.fcp,
            Metric::Ttfb => &mut self.ttfb,
            Metric::Usable => &mut self.usable,
            Metric::Redirect => &mut self.redirect,
            Metric::Dns => &mut self.dns,
            Metric::Connect => &mut self.connect,
            Metric::Tls => &mut self.tls,
            Metric::Request => &mut self.request,
            Metric::Response => &mut self.response,
            Metric::DomInteractive => &mut self.dom_interactive,
            Metric::DomContentLoaded => &mut self.dom_content_loaded,
            Metric::Load => &mut self.load,
        }
    }
}

/// A row of `events`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
#[allow(missing_docs, reason = "the columns are described in the module, the table and the interface")]
pub struct EventRow {
    pub site: String,
    pub day: u16,
    pub received_at: i64,
    /// When it happened: the view's start plus the event's `at`.
    pub at: i64,
    pub view: String,
    pub session: String,
    pub page: String,
    /// Ordinal in the snapshot.
    pub n: u16,
    pub seq: u32,
    pub sign: i8,
    /// [`crate::snapshot::EventKind`] by name.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of a timing its name, of a step its journey.
    pub name: String,
    pub step: String,
    /// Of a timing its ms, of a step its amount.
    #[serde(with = "super::nan_or_number")]
    pub value: f64,
    pub currency: String,
    pub message: String,
    pub stack: String,
    pub source: String,
    pub url: String,
    pub target: String,
    pub script: String,
    pub text: String,
    pub status: u16,
    #[serde(with = "super::nan_or_number")]
    pub duration: f64,
    #[serde(with = "super::nan_or_number")]
    pub blocking: f64,
    #[serde(with = "super::nan_or_number")]
    pub score: f64,
    #[serde(with = "super::nan_or_number")]
    pub of: f64,
    pub bot: String,
    pub country: String,
    pub device: String,
    pub release: String,
}

impl Default for EventRow {
    fn default() -> Self {
        Self {
            site: String::new(),
            day: 0,
            received_at: 0,
            at: 0,
            view: String::new(),
            session: String::new(),
            page: String::new(),
            n: 0,
            seq: 0,
            sign: 1,
            kind: String::new(),
            name: String::new(),
            step: String::new(),
            value: f64::NAN,
            currency: String::new(),
            message: String::new(),
            stack: String::new(),
            source: String::new(),
            url: String::new(),
            target: String::new(),
            script: String::new(),
            text: String::new(),
            status: 0,
            duration: f64::NAN,
            blocking: f64::NAN,
            score: f64::NAN,
            of: f64::NAN,
            bot: String::new(),
            country: String::new(),
            device: String::new(),
            release: String::new(),
        }
    }
}
