//! Laws of rollup cells: exact counters, and a cancelled view leaves nothing.

use std::collections::BTreeMap;

use felt_schema::rows::{PageViewRow, RollupRow};
use proptest::prelude::*;

use super::*;

const DAY_MS: i64 = 86_400_000;

prop_compose! {
    fn any_view()(
        site in prop::sample::select(vec!["shop", "blog"]),
        page in prop::sample::select(vec!["/", "/p/:id", "/cart"]),
        device in prop::sample::select(vec!["mobile", "desktop"]),
        country in prop::sample::select(vec!["DE", "FR", ""]),
        bot in prop::sample::select(vec!["", "", "headless"]),
        started_at in 1_700_000_000_000..1_700_000_000_000 + 3 * DAY_MS,
        late in prop::sample::select(vec![5_000, 8 * DAY_MS]),
        values in prop::array::uniform15(prop::option::of(0..10_000_000_u32)),
        timings in prop::collection::vec((prop::sample::select(vec!["boot", "login"]), 0..9_000_000_u32), 0..3),
        level in prop::sample::select(vec![0_u8, 1, 2, 3, 255]),
        cause in prop::sample::select(vec!["", "slow_open", "broke"]),
    ) -> PageViewRow {
        let received_at = started_at + late;
        let mut row = PageViewRow {
            site: site.into(), page: page.into(), device: device.into(), country: country.into(), bot: bot.into(),
            started_at, received_at, day: felt_schema::clock::day_of(received_at), level, cause: cause.into(),
            timing_names: timings.iter().map(|(name, _)| (*name).to_owned()).collect(),
            timing_values: timings.iter().map(|(_, value)| *value).collect(),
            ..PageViewRow::default()
        };
        for (metric, value) in Metric::ALL.into_iter().zip(values) {
            *row.metric_mut(metric) = value.unwrap_or(MISSING);
        }
        row
    }
}

fn sum(views: &[(PageViewRow, i64)]) -> RollupRows {
    let mut rollup = Rollup::default();
    for (view, sign) in views {
        rollup.add(view, *sign);
    }
    rollup.finish()
}

type Key = (Arc<str>, i8, Arc<str>, u8, u32, Arc<str>, Arc<str>, u16);

/// What ClickHouse makes of rows of the same cell.
fn merged(rows: &[RollupRow]) -> BTreeMap<Key, RollupRow> {
    let mut cells: BTreeMap<Key, RollupRow> = BTreeMap::new();
    for row in rows {
        let key = (
            row.site.clone(),
            row.grouping,
            row.metric.clone(),
            row.bot,
            row.time,
            row.page.clone(),
            row.value.clone(),
            row.day,
        );
        let cell = cells.entry(key).or_insert_with(|| RollupRow {
            views: 0,
            valid: 0,
            total_micro: 0,
            good: 0,
            fair: 0,
            poor: 0,
            delighted: 0,
            annoying: 0,
            painful: 0,
            brutal: 0,
            slow_open: 0,
            slow_react: 0,
            jumped: 0,
            broke: 0,
            gave_up: 0,
            histogram: Vec::new(),
            ..row.clone()
        });
        cell.views += row.views;
        cell.valid += row.valid;
        cell.total_micro += row.total_micro;
        cell.good += row.good;
        cell.fair += row.fair;
        cell.poor += row.poor;
        cell.delighted += row.delighted;
        cell.annoying += row.annoying;
        cell.painful += row.painful;
        cell.brutal += row.brutal;
        cell.slow_open += row.slow_open;
        cell.slow_react += row.slow_react;
        cell.jumped += row.jumped;
        cell.broke += row.broke;
        cell.gave_up += row.gave_up;
        let mut histogram: BTreeMap<u16, i64> = cell.histogram.iter().copied().collect();
        for (bucket, count) in &row.histogram {
            *histogram.entry(*bucket).or_default() += count;
        }
        cell.histogram = histogram.into_iter().filter(|(_, count)| *count != 0).collect();
    }
    cells.retain(|_, cell| {
        cell.views != 0
            || cell.valid != 0
            || cell.total_micro != 0
            || !cell.histogram.is_empty()
            || cell.delighted != 0
            || cell.annoying != 0
            || cell.painful != 0
            || cell.brutal != 0
            || cell.slow_open != 0
            || cell.broke != 0
    });
    cells
}

proptest! {
    #[test]
    fn a_cancelled_view_leaves_nothing(views in prop::collection::vec(any_view(), 0..20)) {
        let signed: Vec<_> = views.iter().cloned().map(|view| (view, 1)).chain(views.iter().cloned().map(|view| (view, -1))).collect();
        prop_assert_eq!(sum(&signed), RollupRows::default());
    }

    #[test]
    fn cancelling_in_another_batch_is_exactly_inverse(views in prop::collection::vec(any_view(), 1..20)) {
        let plus: Vec<_> = views.iter().cloned().map(|view| (view, 1)).collect();
        let minus: Vec<_> = views.iter().rev().cloned().map(|view| (view, -1)).collect();
        let (plus, minus) = (sum(&plus), sum(&minus));
        let both = |one: &[RollupRow], other: &[RollupRow]| merged(&[one, other].concat());
        prop_assert!(both(&plus.minute, &minus.minute).is_empty());
        prop_assert!(both(&plus.hour, &minus.hour).is_empty());
        prop_assert!(both(&plus.day, &minus.day).is_empty());
    }

    #[test]
    fn splitting_into_batches_changes_no_sum(views in prop::collection::vec(any_view(), 0..40), at in 0..40_usize) {
        let views: Vec<_> = views.into_iter().map(|view| (view, 1)).collect();
        let (first, second) = views.split_at(at.min(views.len()));
        let (all, first, second) = (sum(&views), sum(first), sum(second));
        prop_assert_eq!(merged(&all.minute), merged(&[first.minute, second.minute].concat()));
        prop_assert_eq!(merged(&all.hour), merged(&[first.hour, second.hour].concat()));
        prop_assert_eq!(merged(&all.day), merged(&[first.day, second.day].concat()));
    }

    #[test]
    fn devices_of_a_day_hold_what_its_pages_hold(views in prop::collection::vec((any_view(), prop::sample::select(vec![1, -1])), 0..40)) {
        let rows = sum(&views).day;
        let of = |grouping: Grouping| rows.iter().filter(move |row| row.grouping == grouping.column()).cloned();
        let pages: Vec<_> = of(Grouping::PageDevice)
            .map(|row| RollupRow { grouping: Grouping::Device.column(), page: "".into(), ..row }).collect();
        prop_assert_eq!(merged(&of(Grouping::Device).collect::<Vec<_>>()), merged(&pages));
    }

    #[test]
    fn hours_hold_what_their_minutes_hold(views in prop::collection::vec(any_view(), 0..40)) {
        let recent: Vec<_> = views.into_iter().filter(|view| view.received_at - view.started_at <= MINUTE_AGE_MS_MAX)
            .map(|view| (view, 1)).collect();
        let rows = sum(&recent);
        let floored: Vec<_> = rows.minute.iter().cloned().map(|row| RollupRow { time: row.time - row.time % 3_600, ..row }).collect();
        prop_assert_eq!(merged(&floored), merged(&rows.hour));
    }
}

#[test]
fn one_view_is_counted_in_every_grouping() {
    let view = PageViewRow {
        site: "shop".into(),
        page: "/p/:id".into(),
        device: "mobile".into(),
        country: "DE".into(),
        release: "7".into(),
        browser: "Chrome".into(),
        started_at: 1_700_000_030_000,
        received_at: 1_700_000_040_000,
        lcp: 2_500_000,
        dns: 12_000,
        level: 0,
        ..PageViewRow::default()
    };
    let rows = sum(&[(view, 1)]).minute;
    let found: Vec<_> = rows.iter().map(|row| (row.grouping, &*row.metric, &*row.page, &*row.value)).collect();
    assert_eq!(
        found,
        [
            (1, "dns", "", ""),
            (1, "happiness", "", ""),
            (1, "lcp", "", ""),
            (2, "dns", "/p/:id", ""),
            (2, "happiness", "/p/:id", ""),
            (2, "lcp", "/p/:id", ""),
            (3, "happiness", "/p/:id", "mobile"),
            (3, "lcp", "/p/:id", "mobile"),
            (4, "happiness", "", "DE"),
            (4, "lcp", "", "DE"),
            (5, "happiness", "", "7"),
            (5, "lcp", "", "7"),
            (6, "happiness", "", "Chrome"),
            (6, "lcp", "", "Chrome"),
        ]
    );
    let lcp = &rows[2];
    assert_eq!((lcp.time, lcp.valid, lcp.good, lcp.delighted, lcp.total_micro), (1_699_999_980, 1, 1, 1, 2_500_000));
    assert_eq!((rows[1].views, rows[1].valid, rows[1].delighted), (1, 1, 1));
}

#[test]
fn history_has_hours_but_no_minutes() {
    let view = PageViewRow { started_at: 0, received_at: MINUTE_AGE_MS_MAX + 1, ..PageViewRow::default() };
    let rows = sum(&[(view, 1)]);
    assert!(rows.minute.is_empty());
    // Devices over all pages are kept by the day alone.
    assert_eq!((rows.hour.len(), rows.day.len()), (Grouping::ALL.len() - 1, Grouping::ALL.len()));
}
