//! What page views tell about how a metric came to be: whom they name, and the phases that make it up.

use felt_schema::metric::{MISSING, Metric};

/// A kind of culprit, with the column that names it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Culprit {
    pub kind: &'static str,
    pub column: &'static str,
}

/// A part of a metric's time, as an expression over a page view in micro units, [`MISSING`] where it was not measured.
#[derive(Debug, Clone)]
pub(crate) struct Phase {
    pub name: &'static str,
    pub sql: String,
}

/// What is known about a metric.
#[derive(Debug, Clone)]
pub(crate) struct Anatomy {
    pub metric: Metric,
    /// Up to the first good, above the second poor; in micro units.
    pub limits: (u32, u32),
    pub culprits: Vec<Culprit>,
    pub phases: Vec<Phase>,
    /// Whether requests and long frames tell more.
    pub happened: bool,
}

/// The time from one instant of a view to a later one.
fn between(name: &'static str, from: &str, to: &str) -> Phase {
    let measured = format!("{from} != {MISSING} AND {to} != {MISSING} AND {to} >= {from}");
    Phase { name, sql: format!("if({measured}, toUInt32({to} - {from}), {MISSING})") }
}

impl Anatomy {
    /// The metrics about which anything is known.
    pub const KNOWN: [Metric; 6] = [Metric::Lcp, Metric::Inp, Metric::Cls, Metric::Fcp, Metric::Ttfb, Metric::Usable];

    /// What is known about a metric, if anything is.
    pub fn of(metric: Metric) -> Option<Self> {
        let culprits = |list: &[(&'static str, &'static str)]| {
            list.iter().map(|&(kind, column)| Culprit { kind, column }).collect::<Vec<_>>()
        };
        let columns = |list: &[(&'static str, &'static str)]| {
            list.iter().map(|&(name, column)| Phase { name, sql: column.to_owned() }).collect::<Vec<_>>()
        };
        let (culprits, phases) = match metric {
            Metric::Lcp => (
                culprits(&[("element", "lcp_target"), ("resource", "lcp_url")]),
                columns(&[
                    ("ttfb", "lcp_ttfb"),
                    ("load_delay", "lcp_load_delay"),
                    ("load_time", "lcp_load_time"),
                    ("render_delay", "lcp_render_delay"),
                ]),
            ),
            Metric::Inp => (
                culprits(&[("element", "inp_target"), ("event", "inp_event"), ("script", "inp_script")]),
                columns(&[
                    ("input_delay", "inp_input_delay"),
                    ("processing", "inp_processing"),
                    ("presentation", "inp_presentation"),
                ]),
            ),
            // A shift takes no time: it has a culprit and no phases.
            Metric::Cls => (culprits(&[("element", "cls_target")]), Vec::new()),
            Metric::Fcp => (Vec::new(), vec![columns(&[("ttfb", "ttfb")]).remove(0), between("render", "ttfb", "fcp")]),
            Metric::Ttfb => (
                Vec::new(),
                columns(&[("redirect", "redirect"), ("dns", "dns"), ("connect", "connect"), ("request", "request")]),
            ),
            Metric::Usable => (
                Vec::new(),
                vec![
                    columns(&[("ttfb", "ttfb")]).remove(0),
                    between("render", "ttfb", "fcp"),
                    between("ready", "fcp", "usable"),
                ],
            ),
            _ => return None,
        };
        let limits = metric.limits()?;
        Some(Self { metric, limits, culprits, phases, happened: metric == Metric::Usable })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_known_about_every_metric_that_is_offered() {
        for metric in Anatomy::KNOWN {
            let anatomy = Anatomy::of(metric).unwrap();
            assert!(!anatomy.culprits.is_empty() || !anatomy.phases.is_empty(), "{}", metric.name());
        }
        assert!(
            Metric::ALL.into_iter().filter(|metric| Anatomy::of(*metric).is_some()).count() == Anatomy::KNOWN.len()
        );
    }
}
