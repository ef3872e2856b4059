//! Whom a change hit: what each value of each dimension has had since, and in the same hours a week before, from single page views.

use crate::calls::Question;
use crate::grammar::{DAY_MS, Dimension, Measure};
use crate::planner::scope::Scope;
use crate::planner::{Ask, Row, Sample, VIEWS_KEPT_DAYS, Window, raw_column, raw_views};
use crate::record::number;
use felt_http::Problem;
use felt_schema::anchors::Level;
use felt_schema::compare::suspects::{Part, suspects};
use felt_schema::metric::MISSING;
use serde_json::{Value, json};

/// The dimensions that are asked.
const ASKED: [Dimension; 8] = [
    Dimension::Device,
    Dimension::Country,
    Dimension::Browser,
    Dimension::Os,
    Dimension::Release,
    Dimension::Connection,
    Dimension::Nav,
    Dimension::Page,
];
/// Values of each dimension that are weighed, the most frequent.
const VALUES_MAX: usize = 50;
/// Suspects that are named.
const NAMED_MAX: usize = 5;

/// The suspects of a change: `windows` are that since it and that before. What got better has none, nor has what single page views are no
/// longer kept of.
pub(super) async fn found(
    question: &Question,
    ask: &Ask,
    measure: &Measure,
    worse: bool,
    windows: [Window; 2],
) -> Result<Vec<Value>, Problem> {
    let kept_since_ms = (question.now_ms.div_euclid(DAY_MS) - VIEWS_KEPT_DAYS) * DAY_MS;
    if !worse || windows[0].from_ms < kept_since_ms {
        return Ok(Vec::new());
    }
    // A filter leaves one value of its dimension, which says nothing.
    let asked = ASKED.iter().filter(|dimension| !ask.filters.iter().any(|filter| filter.dimension == **dimension));
    let asked: Vec<&Dimension> = asked.collect();
    let (valid, bad) = counted(measure);
    // Only shares are told, and a sample has them too.
    let views = |scope: &mut Scope, sample: Option<&Sample>| {
        let [since, before] = windows.map(|window| raw_views(scope, ask, (window, sample), "sign"));
        since.and(before)
    };
    let sample = question.sample(views).await;
    let mut scope = Scope::of(&question.site);
    let mut side = |window: Window, since: u8| {
        let columns = format!(
            "{since} AS since, {}, sign, {valid} AS counts, {bad} AS lost",
            asked.iter().map(|dimension| raw_column(dimension)).collect::<Vec<_>>().join(", ")
        );
        raw_views(&mut scope, ask, (window, sample.as_ref()), &columns)
    };
    let rows = side(windows[0], 1).and(side(windows[1], 0));
    let pairs: Vec<String> = asked
        .iter()
        .enumerate()
        .map(|(index, dimension)| format!("({index}, toString({}))", raw_column(dimension)))
        .collect();
    let sum = |since: u8, value: &str| format!("sumIf(toInt64(sign) * {value}, since = {since})");
    let select = format!(
        "arrayJoin([{}]) AS pair, pair.1, pair.2, {} AS now, {}, {}, {}",
        pairs.join(", "),
        sum(1, "counts"),
        sum(1, "lost"),
        sum(0, "counts"),
        sum(0, "lost")
    );
    let rest = format!("GROUP BY pair HAVING now > 0 ORDER BY now DESC LIMIT {VALUES_MAX} BY pair.1");
    let rows = question.state.rows("changes", &question.site, &scope.statement(&select, rows, &rest)).await?;
    let mut values: Vec<(usize, String, Part)> = Vec::new();
    for row in rows {
        let mut row = Row::new(row.into_iter().skip(1).collect());
        let (index, value) = (usize::try_from(row.int()).unwrap_or(usize::MAX), row.text());
        let mut count = || row.int().max(0) as f64;
        let (count_now, bad_now, count_before, bad_before) = (count(), count() / 4.0, count(), count() / 4.0);
        values.push((index, value, Part { count: count_now, bad: bad_now, count_before, bad_before }));
    }
    let mut named: Vec<(f64, Value)> = Vec::new();
    for (index, dimension) in asked.iter().enumerate() {
        let own: Vec<&(usize, String, Part)> = values.iter().filter(|(of, ..)| *of == index).collect();
        let parts: Vec<Part> = own.iter().map(|(_, _, part)| *part).collect();
        for suspect in suspects(&parts) {
            let value = &own[suspect.index].1;
            named.push((
                suspect.share_of_excess - suspect.share_of_all,
                json!({
                    "dimension": dimension.name(),
                    "value": value,
                    "share_of_bad": number(suspect.share_of_bad),
                    "share_of_all": number(suspect.share_of_all),
                    "share_of_excess": number(suspect.share_of_excess.min(1.0)),
                }),
            ));
        }
    }
    named.sort_by(|one, other| other.0.total_cmp(&one.0));
    Ok(named.into_iter().take(NAMED_MAX).map(|(_, value)| value).collect())
}

/// Whether a view counts, and how many quarters of it are bad, as expressions.
fn counted(measure: &Measure) -> (String, String) {
    match (measure, measure.limits_micro()) {
        (Measure::Value(metric), Some((good, _))) => {
            let column = metric.name();
            (
                format!("toInt64({column} != {MISSING})"),
                format!("toInt64(4 * ({column} > {good} AND {column} != {MISSING}))"),
            )
        }
        _ => {
            let lost =
                Level::ALL.map(|level| format!("{} * (level = {})", 4 - level.points(), Level::column(Some(level))));
            let judged = Level::ALL.map(|level| format!("level = {}", Level::column(Some(level))));
            (format!("toInt64({})", judged.join(" OR ")), format!("toInt64({})", lost.join(" + ")))
        }
    }
}
