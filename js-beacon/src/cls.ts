// Cumulative Layout Shift. Limits: https://web.dev/articles/cls#what_is_a_good_cls_score
//
// The library measures the document from its load, or from its return out of the back/forward cache. Of a burst of shifts that
// runs over a route change, the part before it is counted here, the part after it in `cls_soft.ts`.
import { onCLS } from "web-vitals/attribution";
import { round } from "./snapshot";
import { viewOf } from "./vitals";
import type { LayoutShift } from "./cls_soft";
import type { Views } from "./views";

export function measureCls(views: Views): void {
  onCLS(
    (metric) => {
      const view = viewOf(views, metric);
      if (!view) return;
      const after = (metric.entries as readonly LayoutShift[]).filter((entry) => entry.startTime >= view.ends);
      const value = after.length ? metric.value - after.reduce((sum, entry) => sum + entry.value, 0) : metric.value;
      if (value < (view.metrics.cls ?? 0)) return;
      view.metrics.cls = value;
      const cause = metric.attribution;
      if (cause.largestShiftTime !== undefined && cause.largestShiftTime < view.ends) {
        view.attribution.cls = {
          ...(cause.largestShiftTarget && { target: cause.largestShiftTarget }),
          time: round(Math.max(0, cause.largestShiftTime - view.start)),
        };
      }
      views.changed();
    },
    { reportAllChanges: true },
  );
}
