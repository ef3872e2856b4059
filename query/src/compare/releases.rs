//! `vs=release`: a release against the one before it, whatever their names are; with `by=release` each of them.

use super::call::both;
use crate::answer::{Answer, Data, echo};
use crate::calls::Question;
use crate::grammar::{Dimension, Fault, Filter, Op, Query, Vs, rfc3339};
use crate::marks::released;
use crate::planner::SourceKind;
use crate::record::Record;
use crate::state::fault_problem;
use felt_http::Problem;
use futures::{StreamExt, TryStreamExt};
use serde_json::json;

/// Most releases that are compared in one question, the newest.
const RELEASES_MAX: usize = 8;
/// Releases that are compared at the same time.
const AT_ONCE: usize = 4;

/// The answer about a release and the one before it, or about each of the newest ones.
pub(super) async fn compared(question: Question) -> Result<Answer, Problem> {
    let is_release = |filter: &&Filter| filter.dimension == Dimension::Release;
    let told: Vec<&Filter> = question.query.filters.iter().filter(is_release).collect();
    let each = question.query.by.first() == Some(&Dimension::Release);
    let subject = match told[..] {
        [] => None,
        [Filter { op: Op::Is, values, .. }] if values.len() == 1 && !each => values.first().cloned(),
        _ => return Err(fault_problem(Fault::new("f", one_release(each)))),
    };
    let rows = released(&question.state, &question.site, question.window).await?;
    let names: Vec<String> = rows.into_iter().filter(|row| row.views > 0).map(|row| row.release).collect();
    if each {
        return of_each(&question, &names).await;
    }
    let at = match &subject {
        Some(release) => names.iter().position(|name| name == release),
        None => Some(0),
    };
    let why = match at.and_then(|at| names.get(at..)) {
        Some([release, before, ..]) => return both(against(&question, (release, before))).await,
        Some([_]) => "no page view of this time is of an earlier release",
        Some([]) | None => "in this time no page view is of a release that is asked about",
    };
    Ok(Answer { warnings: vec![why.to_owned()], ..empty(&question) })
}

fn one_release(each: bool) -> &'static str {
    if each {
        "with `by=release` each release is compared with the one before it: leave `release` out of `f`"
    } else {
        "`vs=release` is the release before one: name it in `f=release:is:NAME`, or none, which is the newest"
    }
}

/// The question about a release and the one before it, by name.
fn against(question: &Question, (release, before): (&str, &str)) -> Question {
    let mut query = Query { vs: Vs::Release(before.to_owned()), ..question.query.clone() };
    query.filters.retain(|filter| filter.dimension != Dimension::Release);
    query.filters.push(Filter { dimension: Dimension::Release, op: Op::Is, values: vec![release.to_owned()] });
    Question { query, ..question.clone() }
}

async fn of_each(question: &Question, names: &[String]) -> Result<Answer, Problem> {
    let most = RELEASES_MAX.min(question.query.limit as usize);
    let pairs: Vec<(&str, &str)> = names.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
    let of_one = |pair: &(&str, &str)| {
        let mut of_one = against(question, *pair);
        of_one.query.by.clear();
        both(of_one)
    };
    let asked: Vec<_> = pairs.iter().take(most).map(of_one).collect();
    let answers: Vec<Answer> = futures::stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
    let mut whole = empty(question);
    let mut rows = Vec::new();
    for ((release, before), answer) in pairs.iter().zip(answers) {
        whole.views += answer.views;
        whole.sample_rate = whole.sample_rate.or(answer.sample_rate);
        if whole.source == SourceKind::Rollup {
            whole.source = answer.source;
        }
        whole.warnings.extend(answer.warnings.iter().map(|warning| format!("of {release}: {warning}")));
        let Data::Rows(of_one) = answer.data else { continue };
        rows.extend(of_one.into_iter().map(|row| {
            let mut named = Record::new().with("release", *release).with("vs_release", *before);
            named.extend(row);
            named
        }));
    }
    if pairs.len() > most {
        whole.warnings.push(format!("of {} releases the newest {most} were compared", pairs.len()));
    }
    Ok(Answer { groups: Some(pairs.len()), data: Data::Rows(rows), ..whole })
}

/// The answer before anything is in it.
fn empty(question: &Question) -> Answer {
    let Question { query, window, .. } = question;
    let mut echo = echo(query, *window, None);
    echo.insert("vs".into(), json!({"from": rfc3339(window.from_ms), "to": rfc3339(window.to_ms)}));
    Answer::plain(echo, 0, Data::Rows(Vec::new()))
}
