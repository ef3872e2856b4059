//! What the calls about page rules take and answer, for the document.

// The fields only describe.
#![allow(dead_code)]

use serde::Serialize;
use utoipa::ToSchema;

/// Paths that are one page.
#[derive(Serialize, ToSchema)]
pub struct PageRuleDefinition {
    /// A path with `*` for any part of one segment and `**` for any rest.
    pattern: String,
    /// The page that it is.
    page: String,
}

/// A site's own list of rules, as `PUT` takes it.
#[derive(Serialize, ToSchema)]
pub struct PageRulesDefinition {
    /// In the order in which they are tried: the first that matches counts, and what none matches is templated. 1 to 200.
    rules: Vec<PageRuleDefinition>,
}

/// A rule that names pages, or will.
#[derive(Serialize, ToSchema)]
pub struct PageRuleRow {
    /// A path with `*` for any part of one segment and `**` for any rest.
    pattern: String,
    /// The page that it is.
    page: String,
    /// `own`, or `configuration` where the site has no list of its own.
    source: String,
    /// From when on it holds, for what arrives then; null of the configuration's, unless a list of the site's own was just taken back.
    #[schema(required)]
    since: Option<String>,
    /// Whether it holds already.
    in_effect: bool,
    /// Which version of the list this is, from 1; 0 of the configuration's.
    version: u64,
    /// Who wrote it; null of the configuration's, empty where anybody may write.
    #[schema(required)]
    author: Option<String>,
}

/// What `page-rules` answers.
#[derive(Serialize, ToSchema)]
pub struct PageRuleList {
    /// In the order in which they are tried.
    data: Vec<PageRuleRow>,
}

/// Rules to be tried out.
#[derive(Serialize, ToSchema)]
pub struct PageRulesQuestion {
    /// As `PUT` takes them.
    rules: Vec<PageRuleDefinition>,
    /// Of which time; the last 7 days where it is left out.
    range: Option<String>,
}

/// A page as it would be.
#[derive(Serialize, ToSchema)]
pub struct PageRulesPreviewRow {
    /// The page.
    page: String,
    /// Page views that would have been counted under it.
    views: i64,
    /// Different paths among them.
    paths: u64,
    /// The path with the most of them.
    example: String,
    /// Other pages that some of them are counted under, those with the most first, at most five.
    was: Vec<String>,
}

/// What rules would have made of a time.
#[derive(Serialize, ToSchema)]
pub struct PageRulesPreviewData {
    /// Beginning, inclusive.
    from: String,
    /// End, exclusive.
    to: String,
    /// Page views of people.
    views: i64,
    /// Those of them that would have been counted under another page.
    changed: i64,
    /// Those whose page is none that rules or templating give: the site itself names it (`route`), so it stays. Where that is what
    /// templating gives too, the site's own word cannot be told from it, and the view counts as one of the others.
    by_site: i64,
    /// The same in one sentence.
    words: String,
    /// Those that take views from other pages first, then by views; at most 200.
    pages: Vec<PageRulesPreviewRow>,
    /// What the reader should know.
    warnings: Vec<String>,
}

/// What `page-rules/preview` answers.
#[derive(Serialize, ToSchema)]
pub struct PageRulesPreview {
    data: PageRulesPreviewData,
}
