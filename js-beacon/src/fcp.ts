// First Contentful Paint. Limits: https://web.dev/articles/fcp#what_is_a_good_fcp_score
//
// The browser reports it for documents, and for route changes that it knows as soft navigations. After a return out of the
// back/forward cache, and after a route change elsewhere, it is the first frame drawn since. A paint that nobody saw, because
// the page had been hidden before it, is not measured.
import { now, observe } from "./browser";
import type { View } from "./snapshot";
import type { Views } from "./views";

interface SoftNavigation extends PerformanceEntry {
  readonly presentationTime?: number;
  readonly paintTime?: number;
}

const knowsSoftNavigations = (): boolean => PerformanceObserver.supportedEntryTypes.includes("soft-navigation");

/** Starts observing; the returned function takes what is not delivered yet. */
export function measureFcp(views: Views): () => void {
  const note = (view: View | undefined, paint: number): void => {
    if (!view || view.hiddenAtStart || paint >= (view.firstHidden ?? Infinity)) return;
    view.metrics.fcp ??= Math.max(0, paint - view.start);
    views.changed();
  };
  const firstFrame = (view: View): void => {
    requestAnimationFrame(() => requestAnimationFrame(() => note(view, now())));
  };
  views.begun.push((view) => {
    if (view.nav === "bfcache" || (view.nav === "soft" && !knowsSoftNavigations())) firstFrame(view);
  });
  const take = [
    observe("paint", (entry) => {
      if (entry.name === "first-contentful-paint") note(views.initial, entry.startTime);
    }),
    observe("soft-navigation", (entry: SoftNavigation) => {
      const view = entry.navigationId === undefined ? undefined : views.soft(entry.navigationId, entry.startTime);
      note(view, entry.presentationTime || entry.paintTime || 0);
    }),
  ];
  return () => {
    for (const takeRecords of take) takeRecords();
  };
}
