// Largest Contentful Paint. Limits: https://web.dev/articles/lcp#what_is_a_good_lcp_score
import { onLCP } from "web-vitals/attribution";
import { scrubUrl } from "./url";
import { round } from "./snapshot";
import { viewOf } from "./vitals";
import type { Views } from "./views";

export function measureLcp(views: Views, allowedQuery: readonly string[]): void {
  onLCP(
    (metric) => {
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
    },
    { reportAllChanges: true, reportSoftNavs: true },
  );
}
