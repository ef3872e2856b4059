//! From a query string to a [`Query`]: all faults are collected, so that one answer tells all that is to be mended.

use super::{
    Call, Dimension, FILTERS_MAX, Fault, Faults, Filter, LIMIT_MAX, METRICS_MAX, Measure, Order, Parameter,
    QUERY_BYTES_MAX, Query, Range, Stat, Step, VALUE_BYTES_MAX, Vs, Who, Zone, codec, fault::cut,
};

impl Query {
    /// Reads the query string of a call.
    ///
    /// # Errors
    /// With every fault of it.
    pub fn parse(call: Call, query_string: &str) -> Result<Query, Faults> {
        let mut reader = Reader::split(call, query_string);
        let zone = reader.read(Parameter::Tz, Zone::parse).unwrap_or_default();
        let range = reader.range(&zone);
        let metrics = reader.metrics();
        let stats = reader.list(Parameter::Stats, Stat::ALL.len(), |name| Stat::parse("stats", name));
        let by = reader.by();
        let filters = reader.filters();
        let step = reader.read(Parameter::Step, Step::parse).unwrap_or_default();
        let who = reader.read(Parameter::Who, Who::parse).unwrap_or_default();
        let vs = reader.read(Parameter::Vs, |text| Vs::parse(text, &zone)).unwrap_or_default();
        let order = reader.read(Parameter::Order, |text| match call {
            Call::Sessions => Order::of_visits(text),
            _ => Order::parse(text, &by, &metrics),
        });
        let order = order.unwrap_or_else(|| call.default_order());
        let limit = reader.read(Parameter::Limit, limit).unwrap_or(call.default_limit());
        let cursor = reader.read(Parameter::Cursor, short);
        let min = reader.read(Parameter::Min, min).unwrap_or(0);
        let q = reader.read(Parameter::Q, short).unwrap_or_default();
        let journey = reader.read(Parameter::Journey, short).unwrap_or_default();
        let currency = reader.read(Parameter::Currency, currency).unwrap_or_default();
        let exact = reader.read(Parameter::Exact, exact).unwrap_or(false);
        if !reader.faults.is_empty() {
            return Err(Faults(reader.faults));
        }
        let stats = if stats.is_empty() { call.default_stats() } else { stats };
        Ok(Query {
            call,
            range,
            zone,
            metrics,
            stats,
            by,
            filters,
            step,
            who,
            vs,
            order,
            limit,
            cursor,
            min,
            q,
            journey,
            currency,
            exact,
        })
    }
}

/// The parameters as sent, still encoded, and the faults found so far.
struct Reader {
    call: Call,
    given: Vec<(Parameter, String)>,
    faults: Vec<Fault>,
}

impl Reader {
    fn split(call: Call, query_string: &str) -> Self {
        let mut reader = Reader { call, given: Vec::new(), faults: Vec::new() };
        if query_string.len() > QUERY_BYTES_MAX {
            reader.faults.push(Fault::new("", format!("the query string is longer than {QUERY_BYTES_MAX} bytes")));
            return reader;
        }
        for pair in query_string.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match reader.parameter(name) {
                // Forms send empty fields for what was not filled in.
                Ok(_) if value.is_empty() => {}
                Ok(parameter) => reader.given.push((parameter, value.to_owned())),
                Err(fault) => reader.faults.push(fault),
            }
        }
        reader
    }

    fn parameter(&self, encoded: &str) -> Result<Parameter, Fault> {
        let name = codec::decode_form(encoded).ok_or_else(|| Fault::new("", "a parameter's name is not UTF-8"))?;
        let taken = || self.call.parameters().iter().map(|parameter| parameter.name());
        match Parameter::from_name(&name) {
            Some(parameter) if self.call.takes(parameter) => {}
            Some(Parameter::Vs) => {
                let unknown = Fault::unknown("vs", "parameter", "vs", taken());
                let detail = format!("`vs` belongs to `compare`, not to `{}`", self.call.name());
                return Err(Fault { detail, ..unknown });
            }
            Some(_) => {
                let unknown = Fault::unknown(name.as_str(), "parameter", &name, taken());
                let taken = taken().collect::<Vec<_>>().join(", ");
                let takes = if taken.is_empty() { "it takes none".into() } else { format!("it takes: {taken}") };
                return Err(Fault {
                    detail: format!("`{}` does not take `{name}`; {takes}", self.call.name()),
                    ..unknown
                });
            }
            None => return Err(Fault::unknown(cut(&name), "parameter", &name, taken())),
        }
        let parameter = Parameter::from_name(&name).unwrap_or(Parameter::F);
        if parameter != Parameter::F && self.given.iter().any(|(given, _)| *given == parameter) {
            return Err(Fault::new(name, "is given twice"));
        }
        Ok(parameter)
    }

    /// The decoded value of a parameter, if it was sent.
    fn text(&mut self, parameter: Parameter) -> Option<String> {
        let encoded = self.given.iter().find(|(given, _)| *given == parameter).map(|(_, value)| value)?;
        let text = codec::decode_form(encoded);
        if text.is_none() {
            self.faults.push(Fault::new(parameter.name(), "is not UTF-8"));
        }
        text
    }

    fn keep<T>(&mut self, parameter: Parameter, result: Result<T, Fault>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(fault) => {
                let parameter = if fault.parameter.is_empty() { parameter.name().into() } else { fault.parameter };
                self.faults.push(Fault { parameter, ..fault });
                None
            }
        }
    }

    fn read<T>(&mut self, parameter: Parameter, parse: impl FnOnce(&str) -> Result<T, Fault>) -> Option<T> {
        let text = self.text(parameter)?;
        self.keep(parameter, parse(&text))
    }

    /// The items of a comma-separated list, each once, in their order.
    fn list<T: PartialEq>(
        &mut self,
        parameter: Parameter,
        max: usize,
        parse: impl Fn(&str) -> Result<T, Fault>,
    ) -> Vec<T> {
        let Some(text) = self.text(parameter) else { return Vec::new() };
        let mut items = Vec::new();
        for item in text.split(',').filter(|item| !item.is_empty()) {
            let parsed = codec::decode_percent(item)
                .ok_or_else(|| Fault::new(parameter.name(), "is not UTF-8"))
                .and_then(|item| parse(&item));
            if let Some(item) = self.keep(parameter, parsed)
                && !items.contains(&item)
            {
                items.push(item);
            }
        }
        if items.len() > max {
            self.faults.push(Fault::new(parameter.name(), format!("takes at most {max} at once")));
        }
        items
    }

    fn range(&mut self, zone: &Zone) -> Range {
        let [range, from, to] =
            [Parameter::Range, Parameter::From, Parameter::To].map(|parameter| self.text(parameter));
        let result = match (range, from, to) {
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
                Err(Fault::new("range", "give either `range`, or `from` and `to`"))
            }
            (Some(range), None, None) => Range::parse(&range),
            (None, Some(from), to) => Range::between(&from, to.as_deref(), zone),
            (None, None, Some(_)) => Err(Fault::new("from", "`to` needs a `from`")),
            (None, None, None) => Ok(Range::default()),
        };
        self.keep(Parameter::Range, result).unwrap_or_default()
    }

    fn metrics(&mut self) -> Vec<Measure> {
        let call = self.call;
        if self.call.takes(Parameter::Metric) {
            let sent = self.given.iter().any(|(given, _)| *given == Parameter::Metric);
            if !sent {
                self.faults.push(Fault::new("metric", "name the metric, such as `metric=lcp`"));
            }
            return self.read(Parameter::Metric, |name| measure(call, "metric", name)).into_iter().collect();
        }
        let metrics = self.list(Parameter::Metrics, METRICS_MAX, |name| measure(call, "metrics", name));
        if metrics.is_empty() { self.call.default_metrics() } else { metrics }
    }

    fn by(&mut self) -> Vec<Dimension> {
        let (fewest, most) = self.call.dimensions();
        let by = self.list(Parameter::By, most, |name| Dimension::parse("by", name));
        // What was sent and could not be read has its own fault; a list of nothing but commas has none yet.
        let faulty = self.faults.iter().any(|fault| fault.parameter == "by");
        if self.call.takes(Parameter::By) && fewest > 0 && by.is_empty() && !faulty {
            self.faults.push(Fault::new("by", "name one or two dimensions, such as `by=page`"));
        }
        by
    }

    fn filters(&mut self) -> Vec<Filter> {
        let sent: Vec<String> =
            self.given.iter().filter(|(given, _)| *given == Parameter::F).map(|(_, value)| value.clone()).collect();
        let mut filters = Vec::new();
        for encoded in sent {
            if let Some(filter) = self.keep(Parameter::F, Filter::parse(&encoded))
                && !filters.contains(&filter)
            {
                filters.push(filter);
            }
        }
        if filters.len() > FILTERS_MAX {
            self.faults.push(Fault::new("f", format!("a question takes at most {FILTERS_MAX} filters")));
        }
        filters
    }
}

fn measure(call: Call, parameter: &str, name: &str) -> Result<Measure, Fault> {
    let measure = Measure::parse(parameter, name)?;
    if call.tells(&measure) {
        return Ok(measure);
    }
    let detail =
        format!("`{}` is told by `summary`, `series` and `breakdown`, not by `{}`", measure.name(), call.name());
    Err(Fault::new(parameter, detail))
}

fn limit(text: &str) -> Result<u32, Fault> {
    match text.parse::<u32>() {
        Ok(limit) if (1..=LIMIT_MAX).contains(&limit) => Ok(limit),
        _ => Err(Fault::new("limit", format!("`limit` is a number from 1 to {LIMIT_MAX}"))),
    }
}

fn exact(text: &str) -> Result<bool, Fault> {
    text.parse().map_err(|_| Fault::unknown("exact", "choice", cut(text), ["true", "false"]))
}

fn min(text: &str) -> Result<u64, Fault> {
    // Counts are signed 64-bit integers in the store.
    let number = text.parse::<u64>().ok().filter(|&min| min <= i64::MAX as u64);
    number.ok_or_else(|| Fault::new("min", "`min` is a whole number of page views"))
}

fn short(text: &str) -> Result<String, Fault> {
    if text.len() > VALUE_BYTES_MAX || text.chars().any(char::is_control) {
        return Err(Fault::new("", format!("is longer than {VALUE_BYTES_MAX} bytes or has control characters in it")));
    }
    Ok(text.to_owned())
}

fn currency(text: &str) -> Result<String, Fault> {
    let valid = text.len() == 3 && text.bytes().all(|letter| letter.is_ascii_alphabetic());
    let wrong = || Fault::new("currency", "a currency is three letters of ISO 4217, such as EUR");
    valid.then(|| text.to_ascii_uppercase()).ok_or_else(wrong)
}
