// Requests that failed: resources whose HTTP status is 400 or above, as far as browsers tell the status.
import { observe } from "./browser";
import { addEvent, round } from "./snapshot";
import { scrubUrl } from "./url";
import type { Config } from "./config";
import type { Views } from "./views";

const FAILED_STATUS_MIN = 400;

/** The beacon's own requests never count: each would make the next one necessary. */
export function isOwn(url: string, endpoint: string): boolean {
  return url.split("?")[0] === endpoint.split("?")[0];
}

/** Starts observing; the returned function takes what the browser has not delivered yet. */
export function watchRequests(views: Views, config: Config): () => void {
  return observe("resource", (entry: PerformanceResourceTiming) => {
    if (!(entry.responseStatus >= FAILED_STATUS_MIN) || isOwn(entry.name, config.endpoint)) return;
    const view = views.at(entry.startTime);
    if (!view) return;
    addEvent(view, {
      type: "request",
      at: entry.startTime,
      url: scrubUrl(entry.name, config.query),
      status: entry.responseStatus,
      duration: round(entry.duration),
    });
    views.changed();
  });
}
