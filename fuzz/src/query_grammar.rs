//! A question's query string: what is taken prints to a string that says the same, and no text of it ever stands in SQL.

use felt_query::grammar::{Call, Dimension, Measure, Op, Query};
use felt_query::planner::{Ask, Eras, SourceKind, Top, Window, plan, statement};

/// The calls that take the grammar.
const CALLS: [Call; 7] =
    [Call::Schema, Call::Values, Call::Summary, Call::Series, Call::Breakdown, Call::Distribution, Call::Health];

/// 2026-11-22T10:00:00Z.
const NOW_MS: i64 = 1_795_341_600_000;

/// Reads the first byte as a call and the rest as its query string.
pub fn run(data: &[u8]) {
    let Some((call, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let call = CALLS[usize::from(*call) % CALLS.len()];
    let query = match Query::parse(call, text) {
        Ok(query) => query,
        Err(faults) => {
            assert!(!faults.0.is_empty(), "a refusal says why");
            return;
        }
    };
    let printed = query.print();
    let again = Query::parse(call, &printed).unwrap_or_else(|faults| panic!("`{printed}` is refused: {faults}"));
    assert_eq!(again, query, "`{printed}` says the same");
    assert_eq!(again.print(), printed, "and prints the same");
    no_text_in_sql(&query);
}

/// The statement must be the same, letter by letter, when every text of the question is another: then none is in it.
fn no_text_in_sql(query: &Query) {
    let Ok((from_ms, to_ms)) = query.range.resolve(NOW_MS) else { return };
    let window = Window { from_ms, to_ms };
    let (mine, other) = (ask_of(query), ask_of(&Neutral::default().query(query)));
    for forced in [None, Some(SourceKind::Raw)] {
        let (Ok(plan_mine), Ok(plan_other)) =
            (plan(&mine, window, NOW_MS, forced), plan(&other, window, NOW_MS, forced))
        else {
            continue;
        };
        let (mine, other) = (statement("shop", &mine, &plan_mine), statement("x", &other, &plan_other));
        assert_eq!(mine.sql(), other.sql(), "a text of the question stands in its SQL");
        assert_eq!(mine.params().len(), other.params().len());
    }
}

fn ask_of(query: &Query) -> Ask {
    let grouped = (!query.by.is_empty()).then(|| vec![vec![query.q.clone(); query.by.len()]]);
    let alone = query.by.len() == 1 && query.metrics.is_empty();
    Ask {
        filters: query.filters.clone(),
        who: query.who,
        measures: query.metrics.clone(),
        by: query.by.clone(),
        edges: None,
        histograms: query.min.is_multiple_of(2),
        groups: grouped.filter(|_| !alone),
        host: None,
        eras: Eras::new(),
        top: alone.then(|| Top { contains: query.q.clone(), limit: query.limit }),
    }
}

/// Puts other words in the place of texts, equal ones for equal ones.
#[derive(Default)]
struct Neutral {
    seen: Vec<String>,
}

impl Neutral {
    fn word(&mut self, text: &str) -> String {
        let at = self.seen.iter().position(|seen| seen == text).unwrap_or_else(|| {
            self.seen.push(text.to_owned());
            self.seen.len() - 1
        });
        format!("n{at}")
    }

    fn dimension(&mut self, dimension: &Dimension) -> Dimension {
        match dimension {
            Dimension::Tag(name) => Dimension::Tag(self.word(name)),
            fixed => fixed.clone(),
        }
    }

    fn query(mut self, query: &Query) -> Query {
        let mut other = query.clone();
        other.by = query.by.iter().map(|dimension| self.dimension(dimension)).collect();
        other.metrics = query
            .metrics
            .iter()
            .map(|measure| match measure {
                Measure::Timing(name) => Measure::Timing(self.word(name)),
                fixed => fixed.clone(),
            })
            .collect();
        for filter in &mut other.filters {
            filter.dimension = self.dimension(&filter.dimension);
            // Whether `set` has values decides what it means; the others only carry them.
            if filter.op != Op::Set {
                filter.values.iter_mut().for_each(|value| *value = "1".into());
            }
        }
        // An empty search asks for all, which is another statement.
        if !other.q.is_empty() {
            other.q = "q".into();
        }
        other
    }
}
