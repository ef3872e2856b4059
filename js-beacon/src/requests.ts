// Requests that failed: resources whose HTTP status is 400 or above, as far as browsers tell the status. Nothing of the page is
// wrapped for it.
import { observe, soon } from "./browser";
import { config } from "./config";
import { ERRORS_MAX } from "./limits";
import { scrubUrl } from "./url";
import { addEvent, viewAt } from "./views";

const FAILED_STATUS_MIN = 400;

/** The beacon's own requests never count: each would make the next one necessary. */
export const isOwn = (url: string, endpoint: string): boolean => url.startsWith(endpoint.split("?")[0]!);

export const watchRequests = (): void =>
  soon(() =>
    observe("resource", ({ name, startTime, duration, responseStatus: status }: PerformanceResourceTiming) => {
      if (status >= FAILED_STATUS_MIN && !isOwn(name, config._endpoint)) {
        addEvent(viewAt(startTime), "request", { url: scrubUrl(name), status, duration }, startTime, ERRORS_MAX);
      }
    }),
  );
