// Which view a value of the web-vitals library belongs to, by the navigation that the library names.
import type { Metric } from "web-vitals/attribution";
import type { View } from "./snapshot";
import type { Views } from "./views";

type Named = Pick<Metric, "navigationType" | "navigationId" | "navigationStartTime">;

export function viewOf(views: Views, metric: Named): View | undefined {
  switch (metric.navigationType) {
    case "soft-navigation":
      return views.soft(metric.navigationId, metric.navigationStartTime ?? 0);
    case "back-forward-cache":
      return views.list.findLast((view) => view.nav === "bfcache");
    default:
      return views.initial;
  }
}
