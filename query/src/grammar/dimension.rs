//! The dimensions by which views are told apart, and the operators each of them takes.

use super::{Fault, Op, fault::cut};
use std::borrow::Cow;

/// A property of a page view that questions can filter and group by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// Normalised route.
    Page,
    /// Path as visited.
    Path,
    /// Country code.
    Country,
    /// Part of a country.
    Region,
    /// Mobile, tablet, desktop.
    Device,
    /// Operating system.
    Os,
    /// Browser's family.
    Browser,
    /// Browser's version.
    BrowserVersion,
    /// Effective connection type.
    Connection,
    /// The app's release.
    Release,
    /// How the view began.
    Nav,
    /// Host that linked here.
    Referrer,
    /// Browser's language.
    Lang,
    /// The rule that told a bot.
    Bot,
    /// What made the view less than delightful.
    Cause,
    /// A tag of the site's own.
    Tag(String),
}

/// Most bytes of a tag's name; ingest does not keep longer ones.
const TAG_BYTES_MAX: usize = 64;

impl Dimension {
    /// Every dimension that all sites have.
    pub const FIXED: [Dimension; 15] = [
        Dimension::Page,
        Dimension::Path,
        Dimension::Country,
        Dimension::Region,
        Dimension::Device,
        Dimension::Os,
        Dimension::Browser,
        Dimension::BrowserVersion,
        Dimension::Connection,
        Dimension::Release,
        Dimension::Nav,
        Dimension::Referrer,
        Dimension::Lang,
        Dimension::Bot,
        Dimension::Cause,
    ];

    /// Its name in questions and answers.
    pub fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Dimension::Page => "page",
            Dimension::Path => "path",
            Dimension::Country => "country",
            Dimension::Region => "region",
            Dimension::Device => "device",
            Dimension::Os => "os",
            Dimension::Browser => "browser",
            Dimension::BrowserVersion => "browser_version",
            Dimension::Connection => "connection",
            Dimension::Release => "release",
            Dimension::Nav => "nav",
            Dimension::Referrer => "referrer",
            Dimension::Lang => "lang",
            Dimension::Bot => "bot",
            Dimension::Cause => "cause",
            Dimension::Tag(name) => return Cow::Owned(format!("tag:{name}")),
        })
    }

    /// Its name for people.
    pub fn label(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Dimension::Page => "Page",
            Dimension::Path => "Path",
            Dimension::Country => "Country",
            Dimension::Region => "Region",
            Dimension::Device => "Device",
            Dimension::Os => "Operating system",
            Dimension::Browser => "Browser",
            Dimension::BrowserVersion => "Browser version",
            Dimension::Connection => "Connection",
            Dimension::Release => "Release",
            Dimension::Nav => "Kind of navigation",
            Dimension::Referrer => "Referrer",
            Dimension::Lang => "Language",
            Dimension::Bot => "Bot rule",
            Dimension::Cause => "Cause of unhappiness",
            Dimension::Tag(name) => return Cow::Owned(name.clone()),
        })
    }

    /// The operators it takes: greater and less only where values are versions or numbers.
    pub fn ops(&self) -> &'static [Op] {
        match self {
            Dimension::BrowserVersion | Dimension::Release | Dimension::Tag(_) => &Op::ALL,
            _ => &[Op::Is, Op::Not, Op::Glob, Op::Prefix, Op::Set],
        }
    }

    /// Reads a dimension's name for `parameter`.
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn parse(parameter: &str, name: &str) -> Result<Self, Fault> {
        if let Some(tag) = name.strip_prefix("tag:") {
            return if tag.is_empty() || tag.len() > TAG_BYTES_MAX || tag.chars().any(char::is_control) {
                Err(Fault::new(parameter, format!("`tag:NAME` needs a name of 1 to {TAG_BYTES_MAX} bytes")))
            } else {
                Ok(Dimension::Tag(tag.to_owned()))
            };
        }
        Self::FIXED.into_iter().find(|dimension| dimension.name() == name).ok_or_else(|| {
            let known: Vec<Cow<'static, str>> =
                Self::FIXED.iter().map(Dimension::name).chain([Cow::Borrowed("tag:NAME")]).collect();
            Fault::unknown(parameter, "dimension", cut(name), known)
        })
    }
}
