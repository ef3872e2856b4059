// Runs in the page before anything else: an independent copy of web-vitals says what it sees. Nothing of the beacon is used here.
(() => {
  // A frame is measured where the test says so.
  if (window !== top && window.name !== "measured") return;
  const say = (metric) =>
    oracleSays(
      JSON.stringify({
        document: performance.timeOrigin,
        href: location.href,
        metric: metric.name.toLowerCase(),
        value: metric.value,
        navigation: metric.navigationType,
        url: metric.navigationURL,
        start: metric.navigationStartTime,
        id: metric.id,
        entries: metric.entries.length,
        began: metric.entries[0]?.startTime ?? 0,
      }),
    );
  const all = { reportAllChanges: true, reportSoftNavs: true };
  for (const name of ["onLCP", "onINP", "onCLS", "onFCP", "onTTFB"]) webVitals[name](say, all);
})();
