// Runs in the page before anything else: an independent copy of web-vitals says what it sees. Nothing of the beacon is used here.
(() => {
  // A frame is measured where the test says so.
  if (window !== top && window.name !== "measured") return;
  // A visible page that is left is told so before it is hidden.
  let leaves = false;
  for (const [type, is] of Object.entries({ pagehide: true, pageshow: false })) addEventListener(type, () => (leaves = is), true);
  const say = (metric) => {
    const report = JSON.stringify({
      document: performance.timeOrigin,
      href: location.href,
      at: performance.timeOrigin + performance.now(),
      metric: metric.name.toLowerCase(),
      value: metric.value,
      navigation: metric.navigationType,
      url: metric.navigationURL,
      start: metric.navigationStartTime,
      id: metric.id,
      entries: metric.entries.length,
      began: metric.entries[0]?.startTime ?? 0,
    });
    oracleSays(report);
    // The debugger may be gone before it hears the last word of a page that is left; a request is not.
    if (leaves || document.hidden) navigator.sendBeacon("/oracle", report);
  };
  const all = { reportAllChanges: true, reportSoftNavs: true };
  for (const name of ["onLCP", "onINP", "onCLS", "onFCP", "onTTFB"]) webVitals[name](say, all);
})();
