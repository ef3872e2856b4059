//! The parts of a snapshot: metrics, what is to blame for them, the client, and tags.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::{MapAccess, SeqAccess};
use serde::{Serialize, Serializer};

use super::compact::Short;
use super::lenient::{FromObject, IntoOwned, KeySeed, Read, Rule, Skip, Slot, lenient_part, object, owned_already};
use super::rules::{Flag, millis, number, rounded, strip, text};
use super::{Drops, Text};
use crate::limits;
use crate::metric::{MISSING, Metric};

/// How the page view came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the interface's")]
pub enum Nav {
    Navigate,
    Reload,
    BackForward,
    Bfcache,
    Prerender,
    Restore,
    Soft,
}

impl Nav {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Navigate, Self::Reload, Self::BackForward, Self::Bfcache, Self::Prerender, Self::Restore, Self::Soft];

    /// The name in beacons and columns.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Navigate => "navigate",
            Self::Reload => "reload",
            Self::BackForward => "back_forward",
            Self::Bfcache => "bfcache",
            Self::Prerender => "prerender",
            Self::Restore => "restore",
            Self::Soft => "soft",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|nav| nav.name() == name)
    }
}

owned_already!(Nav Metrics);

/// The measured values, in the beacon's units (ms; CLS unitless). Missing is never 0.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Metrics([Option<f64>; Metric::COUNT]);

impl Metrics {
    /// The value of a metric in the beacon's unit.
    pub fn get(&self, metric: Metric) -> Option<f64> {
        self.0[metric as usize]
    }

    /// Sets a value; one that cannot be a value of the metric counts as missing.
    pub fn set(&mut self, metric: Metric, value: Option<f64>) {
        self.0[metric as usize] = value.filter(|&value| metric.to_micro(value).is_some());
    }

    /// The value in micro units, or [`MISSING`].
    pub fn micro(&self, metric: Metric) -> u32 {
        self.get(metric).and_then(|value| metric.to_micro(value)).unwrap_or(MISSING)
    }

    /// What was measured.
    pub fn iter(&self) -> impl Iterator<Item = (Metric, f64)> + '_ {
        Metric::ALL.into_iter().filter_map(|metric| self.get(metric).map(|value| (metric, value)))
    }

    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

impl FromIterator<(Metric, f64)> for Metrics {
    fn from_iter<I: IntoIterator<Item = (Metric, f64)>>(values: I) -> Self {
        let mut metrics = Self::default();
        for (metric, value) in values {
            metrics.set(metric, Some(value));
        }
        metrics
    }
}

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let short = self.0.each_ref().map(|value| value.as_ref().map(Short));
        let named = Metric::ALL.into_iter().zip(short);
        serializer.collect_map(named.filter_map(|(metric, value)| Some((metric.name(), value?))))
    }
}

impl<'de> FromObject<'de> for Metrics {
    fn from_object<A: MapAccess<'de>>(mut object: A, drops: &mut Drops) -> Result<Self, A::Error> {
        let mut metrics = Self::default();
        while let Some(metric) = object.next_key_seed(KeySeed::new(Metric::from_name))? {
            let Some(metric) = metric else {
                object.next_value::<Skip>()?;
                continue;
            };
            let rule = number(0.0, metric.value_max(), metric.micro_per_unit());
            let (name, cut) = (metric.field(), metric.field());
            if let Some(value) = object.next_value_seed(Slot { rule, name, cut, drops })? {
                metrics.0[metric as usize] = Some(value);
            }
        }
        Ok(metrics)
    }
}

lenient_part! {
    /// What the largest picture or text was, and where its time went (ms).
    pub struct LcpAttribution in "attribution.lcp." {
        /// Selector of the element.
        target "target": Text<'a> = text(limits::VALUE_BYTES_MAX),
        /// The picture.
        url "url": Text<'a> = text(limits::URL_BYTES_MAX),
        /// Until the first byte of the document.
        ttfb "ttfb": f64 = millis(limits::METRIC_MS_MAX),
        /// Until the picture was asked for.
        load_delay "load_delay": f64 = millis(limits::METRIC_MS_MAX),
        /// While it was loading.
        load_time "load_time": f64 = millis(limits::METRIC_MS_MAX),
        /// Until it was painted.
        render_delay "render_delay": f64 = millis(limits::METRIC_MS_MAX),
    }
}

lenient_part! {
    /// What the slowest interaction was, and where its time went (ms).
    pub struct InpAttribution in "attribution.inp." {
        /// Selector of the element.
        target "target": Text<'a> = text(limits::VALUE_BYTES_MAX),
        /// Which event.
        event "event": Text<'a> = text(limits::CODE_BYTES_MAX),
        /// Until its handlers ran.
        input_delay "input_delay": f64 = millis(limits::METRIC_MS_MAX),
        /// While they ran.
        processing "processing": f64 = millis(limits::METRIC_MS_MAX),
        /// Until the next frame was shown.
        presentation "presentation": f64 = millis(limits::METRIC_MS_MAX),
        /// The script that took longest.
        script "script": Text<'a> = text(limits::URL_BYTES_MAX),
    }
}

lenient_part! {
    /// What jumped furthest.
    pub struct ClsAttribution in "attribution.cls." {
        /// Selector of the element.
        target "target": Text<'a> = text(limits::VALUE_BYTES_MAX),
        /// When, in ms from the view's start.
        time "time": f64 = millis(limits::INSTANT_MS_MAX),
    }
}

lenient_part! {
    /// What is to blame for the metrics.
    pub struct Attribution in "attribution." {
        /// For LCP.
        lcp "lcp": LcpAttribution<'a> = object(),
        /// For INP.
        inp "inp": InpAttribution<'a> = object(),
        /// For CLS.
        cls "cls": ClsAttribution<'a> = object(),
    }
}

lenient_part! {
    /// What the visitor looks through.
    pub struct Client in "client." {
        /// Width and height in CSS pixels.
        viewport "viewport": [u16; 2] = Viewport,
        /// Device pixels per CSS pixel.
        dpr "dpr": f64 = number(0.0, limits::DPR_MAX, 1e3),
        /// The browser's guess at the connection: `4g`.
        connection "connection": Text<'a> = text(limits::CODE_BYTES_MAX),
        /// Its guess at the round trip time, in ms.
        rtt "rtt": u32 = rounded(0, limits::RTT_MS_MAX as u32),
        /// Whether the person asked to save data.
        save_data "save_data": bool = Flag,
        /// GiB of memory, roughly.
        memory "memory": f64 = number(0.0, limits::MEMORY_GIB_MAX, 1e3),
        /// Logical processors.
        cores "cores": u32 = rounded(0, limits::CORES_MAX),
        /// The preferred language.
        lang "lang": Text<'a> = text(limits::CODE_BYTES_MAX),
        /// The time zone.
        tz "tz": Text<'a> = text(limits::ZONE_BYTES_MAX),
        /// Whether a program drives the browser.
        webdriver "webdriver": bool = Flag,
    }
}

struct Viewport;

impl<'de> Rule<'de> for Viewport {
    type Value = [u16; 2];

    fn array<A: SeqAccess<'de>>(self, mut array: A, drops: &mut Drops) -> Result<Read<[u16; 2]>, A::Error> {
        let mut sides = [0_u16; 2];
        let mut seen = 0;
        let name = "client.viewport";
        let mut before = Drops::default();
        loop {
            let rule = rounded(0, limits::VIEWPORT_MAX);
            let Some(side) = array.next_element_seed(Slot { rule, name, cut: name, drops: &mut before })? else {
                break;
            };
            match (side, sides.get_mut(seen)) {
                (Some(side), Some(slot)) => *slot = u16::try_from(side).unwrap_or(u16::MAX),
                // A wrong side makes the whole wrong, which the slot around this one counts once.
                _ => seen = sides.len(),
            }
            seen += 1;
        }
        let _ = drops;
        Ok(if seen == sides.len() { Read::Good(sides) } else { Read::Bad })
    }
}

/// What the site says about the view, by name.
pub type Tags<'a> = BTreeMap<Text<'a>, Text<'a>>;

impl IntoOwned for Tags<'_> {
    type Owned = Tags<'static>;
    fn into_owned(self) -> Tags<'static> {
        self.into_iter().map(|(key, value)| (IntoOwned::into_owned(key), IntoOwned::into_owned(value))).collect()
    }
}

/// The rule for tags: texts; numbers and truth values are taken as texts.
pub(super) struct TagsRule;

impl<'de> Rule<'de> for TagsRule {
    type Value = Tags<'de>;

    fn object<A: MapAccess<'de>>(self, mut object: A, drops: &mut Drops) -> Result<Read<Tags<'de>>, A::Error> {
        let mut tags = Tags::new();
        while let Some(key) = object.next_key::<Key<'de>>()? {
            let key = strip(key.0, false);
            let (name, cut) = ("tags", "tags:cut");
            let value = object.next_value_seed(Slot { rule: TagValue, name, cut, drops })?;
            let Some(value) = value else { continue };
            let fits = !key.is_empty() && key.len() <= limits::TAG_KEY_BYTES_MAX;
            if fits && (tags.len() < limits::TAGS_MAX || tags.contains_key(&key)) {
                tags.insert(key, value);
            } else {
                drops.add("tags");
            }
        }
        Ok(Read::Good(tags))
    }
}

#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

struct TagValue;

impl<'de> Rule<'de> for TagValue {
    type Value = Cow<'de, str>;

    fn text(self, value: Cow<'de, str>) -> Read<Cow<'de, str>> {
        text(limits::VALUE_BYTES_MAX).text(value)
    }

    fn number(self, number: f64) -> Read<Cow<'de, str>> {
        Read::Good(Cow::Owned(number.to_string()))
    }

    fn flag(self, flag: bool) -> Read<Cow<'de, str>> {
        Read::Good(Cow::Borrowed(if flag { "true" } else { "false" }))
    }
}
