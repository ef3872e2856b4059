// Largest Contentful Paint. Limits: https://web.dev/articles/lcp#what_is_a_good_lcp_score
//
// From the web-vitals library, which knows what makes it a matter of opinion: prerendering, tabs in the background, returns out of
// the back/forward cache, and which paints belong to a soft navigation.
import { onLCP } from "web-vitals/attribution";
import { guarded } from "./browser";
import { round } from "./snapshot";
import { targetName } from "./target";
import { scrubUrl } from "./url";
import type { LCPMetricWithAttribution } from "web-vitals/attribution";
import type { View } from "./snapshot";
import type { Views } from "./views";

export function measureLcp(views: Views, allowedQuery: readonly string[]): void {
  onLCP(
    guarded((metric: LCPMetricWithAttribution) => {
      const view = viewOf(views, metric);
      if (!view) return;
      const cause = metric.attribution;
      view.metrics.lcp = metric.value;
      view.attribution.lcp = {
        ...(cause.target && { target: cause.target }),
        ...(cause.url && { url: scrubUrl(cause.url, allowedQuery) }),
        ttfb: round(cause.timeToFirstByte),
        load_delay: round(cause.resourceLoadDelay),
        load_time: round(cause.resourceLoadDuration),
        render_delay: round(cause.elementRenderDelay),
      };
      views.changed();
    }),
    { reportAllChanges: true, reportSoftNavs: true, generateTarget: targetName },
  );
}

/** Values may come late: they belong to the navigation that the library names. */
function viewOf(views: Views, metric: LCPMetricWithAttribution): View | undefined {
  switch (metric.navigationType) {
    case "soft-navigation":
      return views.soft(metric.navigationId, metric.navigationStartTime ?? 0);
    case "back-forward-cache":
      return views.list.findLast((view) => view.nav === "bfcache");
    default:
      return views.initial;
  }
}
