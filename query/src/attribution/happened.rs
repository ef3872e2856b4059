//! What requests and long frames tell about a metric that page views name no culprit of: which of them the slow views had.

use super::anatomy::Anatomy;
use super::blame::{asked, buckets, names};
use crate::calls::Question;
use crate::planner::scope::{Scope, SiteTable, Statement};
use crate::planner::{Sample, Window, view_rows};
use crate::sessions::Happened;
use felt_schema::limits::AGE_MS_MAX;
use felt_schema::metric::MISSING;
use felt_schema::snapshot::EventKind;

/// Page views by the requests and scripts that were in them. A view counts once for each, however often it had it.
pub(super) fn statement(question: &Question, anatomy: &Anatomy, sample: Option<&Sample>) -> Statement {
    let mut scope = Scope::of(&question.site);
    let (column, (good, fair)) = (anatomy.metric.name(), anatomy.limits);
    let mut asked = asked(&mut scope, question);
    asked.push(format!("{column} != {MISSING}"));
    let names = names(&mut scope, &question.query);
    let keys: String = (0..names.len()).map(|index| format!("name_{index}, ")).collect();
    let columns: String = names
        .iter()
        .enumerate()
        .map(|(index, sql)| format!(", argMaxIf({sql}, seq, sign = 1) AS name_{index}"))
        .collect();
    let phases: String = anatomy
        .phases
        .iter()
        .enumerate()
        .map(|(index, phase)| format!(", argMaxIf({}, seq, sign = 1) AS phase_{index}", phase.sql))
        .collect();
    let told = format!("any(view) AS viewed, argMaxIf({column}, seq, sign = 1) AS took{columns}{phases}");
    let views = view_rows(&mut scope, sample, &told, &asked).collapsed_by("cityHash64(session, view)");

    let Window { from_ms, to_ms } = question.window;
    // As long as a view can tell what happened in it.
    let window = Window { from_ms, to_ms: to_ms + AGE_MS_MAX as i64 };
    let mut conditions = Happened::within(&mut scope, window);
    conditions.push(Happened::only(&[EventKind::Request, EventKind::LongFrame]));
    let is_request = format!("type = '{}'", EventKind::Request.name());
    let told = format!(
        "any(view) AS of_view, argMaxIf(if({is_request}, 'resource', 'script'), seq, sign = 1) AS kind, \
         argMaxIf(if({is_request}, url, script), seq, sign = 1) AS culprit"
    );
    let happened = scope.rows(SiteTable::Events, &told, &conditions).collapsed_by("cityHash64(view), n");
    let happened = happened.select("DISTINCT of_view, kind, culprit", "WHERE culprit != ''");

    let means: String = (0..anatomy.phases.len())
        .map(|index| {
            format!(", sumIf(toInt64(phase_{index}), phase_{index} != {MISSING}), countIf(phase_{index} != {MISSING})")
        })
        .collect();
    let select = format!(
        "{keys}kind, culprit, count() AS named, countIf(took > {fair}) AS poor, countIf(took <= {good}), \
         countIf(took > {good} AND took <= {fair}), {}{means}",
        buckets("took", "1")
    );
    let rest = format!(
        "AS told INNER JOIN {} AS known ON of_view = viewed GROUP BY {keys}kind, culprit \
         ORDER BY poor DESC, named DESC, kind, culprit LIMIT {}",
        views.within(),
        question.query.limit
    );
    scope.statement(&select, happened, &rest)
}
