// From what web-vitals said to what each page view should have: values by view, the last word on each.
//
// One rule is ours: an interaction belongs to the view in which it began. The library files the click that causes a route change
// under the new route when the browser tells of the route first; here it goes back to the view that was clicked on.

const NAV = { "soft-navigation": "soft", "back-forward-cache": "bfcache", "back-forward": "back_forward" };
const SAME_MOMENT_MS = 1;

/** A URL as it may leave the browser. */
export function scrubbed(url) {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** Views in order: `{ nav, url, oracle: { lcp, inp, cls, fcp, ttfb } }`; what was not measured is missing. */
export function expectedViews(reports) {
  const views = [];
  for (const report of reports) {
    const nav = NAV[report.navigation] ?? report.navigation;
    const key = `${report.document} ${nav} ${nav === "soft" || nav === "bfcache" ? report.start : 0}`;
    let view = views.find((other) => other.key === key);
    if (!view) views.push((view = { key, nav, url: scrubbed(report.url), start: report.start, oracle: {} }));
    const causedRoute = report.metric === "inp" && nav === "soft" && Math.abs(report.began - report.start) < SAME_MOMENT_MS;
    // Without an entry the library fills in 8 ms for "something under 40": the beacon has what the browser measured, or nothing.
    if (report.metric === "inp" && !report.entries) continue;
    if (causedRoute) {
      const before = views[views.indexOf(view) - 1];
      before.oracle.inp = Math.max(before.oracle.inp ?? 0, report.value);
    } else {
      view.oracle[report.metric] = report.value;
    }
  }
  return views;
}

/** Puts what was sent beside what was expected; a view that only one side knows stands alone. */
export function pair(expected, sent) {
  const left = [...sent];
  const pairs = expected.map((view) => {
    const at = left.findIndex((snapshot) => snapshot.nav === view.nav && snapshot.url === view.url);
    return { expected: view, sent: at < 0 ? undefined : left.splice(at, 1)[0] };
  });
  return [...pairs, ...left.map((snapshot) => ({ expected: undefined, sent: snapshot }))];
}

const TOLERANCE = { lcp: 1, inp: 1, fcp: 1, ttfb: 1, cls: 0.001 };
/** Out of the back/forward cache, paint is when a callback ran: two copies of the library differ by their turns. */
const RESTORED_MS = 20;

/** Differences between web-vitals and the snapshot, as sentences. */
export function differences({ expected, sent }) {
  if (!expected) return [`${sent.nav} ${sent.url} was sent, but web-vitals saw no such navigation`];
  if (!sent) return [`${expected.nav} ${expected.url} was never sent`];
  const faults = [];
  for (const [metric, tolerance] of Object.entries(TOLERANCE)) {
    const want = expected.oracle[metric];
    const got = sent.metrics[metric];
    // TTFB means nothing where there was no document to wait for, and the library says 0.
    if (metric === "ttfb" && (expected.nav === "soft" || expected.nav === "bfcache")) {
      if (got !== undefined) faults.push(`${expected.nav} has a ttfb of ${got}`);
      continue;
    }
    if (want === undefined) continue;
    const allowed = expected.nav === "bfcache" && metric !== "cls" ? RESTORED_MS : tolerance;
    if (got === undefined || Math.abs(want - got) > allowed) {
      faults.push(`${metric} of ${expected.nav} ${expected.url}: web-vitals ${want}, sent ${got}`);
    }
  }
  return faults;
}
