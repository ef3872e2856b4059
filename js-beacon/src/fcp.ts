// First Contentful Paint; after a route change the first paint where the browser does not report it itself.
// Limits: https://web.dev/articles/fcp#what_is_a_good_fcp_score
import { onFCP } from "web-vitals/attribution";
import { now } from "./browser";
import { viewOf } from "./vitals";
import type { View } from "./snapshot";
import type { Views } from "./views";

export function measureFcp(views: Views): void {
  onFCP(
    (metric) => {
      const view = viewOf(views, metric);
      if (!view) return;
      view.metrics.fcp = metric.value;
      views.changed();
    },
    { reportAllChanges: true, reportSoftNavs: true },
  );
}

/** Where soft navigations are not reported: the frame after the route change was drawn. */
export function measureFirstPaintAfterRoute(views: Views, view: View): void {
  if (PerformanceObserver.supportedEntryTypes.includes("soft-navigation")) return;
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      if (view.firstHidden !== undefined) return;
      view.metrics.fcp = now() - view.start;
      views.changed();
    }),
  );
}
