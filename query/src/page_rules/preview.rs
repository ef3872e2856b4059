//! Under which pages the views of a time would have been counted by other rules. What the app itself named stays as it is: a view's
//! page is taken for one of ours when rules that held, or templating, give it for its path, or when it went under in `(other)`.

use std::collections::{HashMap, HashSet};

use crate::planner::scope::{Scope, SiteTable, Statement};
use crate::planner::{Window, window_conditions};
use felt_schema::limits::OTHER;
use felt_schema::page::{PageRule, of_path};

/// Most pairs of path and page that are looked at, those with the most views.
pub const PATHS_MAX: usize = 50_000;
/// Most pages of an answer.
const PAGES_MAX: usize = 200;
/// Most pages that are named as taken from.
const WAS_MAX: usize = 5;

/// The statement for paths, their pages and views, most views first.
pub fn statement(site: &str, window: Window) -> Statement {
    let mut scope = Scope::of(site);
    let mut of_views = window_conditions(&mut scope, window);
    of_views.push("bot = ''".into());
    let rows = scope.rows(SiteTable::PageViews, "path, toString(page) AS page, sign", &of_views);
    let rest =
        format!("GROUP BY path, page HAVING sum(sign) > 0 ORDER BY sum(sign) DESC, path, page LIMIT {}", PATHS_MAX + 1);
    scope.statement("path, page, sum(sign)", rows, &rest)
}

/// A page as it would be.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    pub page: String,
    pub views: i64,
    pub paths: usize,
    pub example: String,
    pub was: Vec<String>,
}

/// What rules would make of the views.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Preview {
    pub views: i64,
    pub changed: i64,
    /// Of a page that is none of ours.
    pub by_site: i64,
    pub pages: Vec<Page>,
}

/// What is known of a page while it is put together.
#[derive(Default)]
struct Sum<'a> {
    views: i64,
    example: Option<&'a str>,
    /// One path may be under several pages by now.
    paths: HashSet<&'a str>,
    was: HashMap<&'a str, i64>,
}

/// Names the paths anew. `held` are the lists that may have named them.
pub fn preview(found: &[(String, String, i64)], rules: &[PageRule], held: &[&[PageRule]]) -> Preview {
    let mut told = Preview::default();
    let mut pages: HashMap<String, Sum<'_>> = HashMap::new();
    for (path, now, views) in found {
        let ours = now == OTHER
            || held.iter().any(|held| of_path(path, held) == now.as_str())
            || of_path(path, &[]) == now.as_str();
        let page = if ours { of_path(path, rules).into_owned() } else { now.clone() };
        let moves = page != *now;
        told.views += views;
        told.by_site += if ours { 0 } else { *views };
        let sum = pages.entry(page).or_default();
        sum.views += views;
        sum.paths.insert(path);
        // The first path of a page has the most views of it.
        sum.example.get_or_insert(path);
        if moves {
            told.changed += views;
            *sum.was.entry(now).or_default() += views;
        }
    }
    told.pages = pages
        .into_iter()
        .map(|(page, sum)| {
            let mut was: Vec<(&str, i64)> = sum.was.into_iter().collect();
            was.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(other.0)));
            let was = was.into_iter().take(WAS_MAX).map(|(page, _)| page.to_owned()).collect();
            let example = sum.example.unwrap_or_default().to_owned();
            Page { page, views: sum.views, paths: sum.paths.len(), example, was }
        })
        .collect();
    told.pages.sort_by(|one, other| {
        let changed = |page: &Page| !page.was.is_empty();
        (changed(other), other.views).cmp(&(changed(one), one.views)).then_with(|| one.page.cmp(&other.page))
    });
    told.pages.truncate(PAGES_MAX);
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_app_named_stays_and_the_rest_is_named_anew() {
        let rule = |pattern: &str, page: &str| PageRule { pattern: pattern.into(), page: page.into() };
        let found = [
            ("/p/red-shoe", "/p/red-shoe", 50),
            ("/p/blue-shoe", "/p/blue-shoe", 40),
            ("/p/17", "/p/:id", 25),
            ("/p/17", OTHER, 5),
            ("/p/sandal", OTHER, 20),
            ("/p/18", "product-page", 15),
            ("/cart", "/cart", 10),
            ("/old/1", "old", 5),
        ];
        let found = found.map(|(path, page, views)| (path.to_owned(), page.to_owned(), views));
        let old = [rule("/old/*", "old")];
        let told = preview(&found, &[rule("/p/*", "/p/:product")], &[&old]);
        assert_eq!((told.views, told.changed, told.by_site), (170, 145, 15));
        let told: Vec<_> = told.pages.iter().map(|page| (page.page.as_str(), page.views, page.paths)).collect();
        assert_eq!(told, [("/p/:product", 140, 4), ("/old/:id", 5, 1), ("product-page", 15, 1), ("/cart", 10, 1)]);
        let page = &preview(&found, &[rule("/p/*", "/p/:product")], &[]).pages[0];
        assert_eq!(
            (page.example.as_str(), page.was.join(" ")),
            ("/p/red-shoe", "/p/red-shoe /p/blue-shoe (other) /p/:id".into())
        );
    }
}
