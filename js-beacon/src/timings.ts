// The page's own timings: `felt("timing", …)`, the User Timing API, and what the server says in Server-Timing.
//
// `performance.measure("felt:name", …)` becomes the timing `name`, `performance.mark("felt:name")` the time from the view's start to the
// mark, and `performance.mark("felt:usable")` says when the page was ready to be used: exactly, and without waiting for the beacon.
import { commands } from "./api";
import { observe, soon } from "./browser";
import { markUsable, name } from "./commands";
import { TIMINGS_MAX } from "./limits";
import { navigationEntry } from "./navigation";
import { addEvent, current, initial, viewAt } from "./views";
import type { Options } from "./config";
import type { View } from "./views";

/** Most Server-Timing metrics that are taken over. */
const SERVER_TIMINGS_MAX = 5;

export const addTiming = (view: View | undefined, timing: unknown, value: number, at?: number): void => {
  if (timing && value >= 0) addEvent(view, "timing", { name: name(timing), value }, at, TIMINGS_MAX);
};

export const watchTimings = ({ measurePrefix = "felt:" }: Partial<Options>): void => {
  commands["timing"] = (timing, ms) => addTiming(current(), timing, +(ms as number));
  soon(() => {
    for (const type of ["mark", "measure"]) {
      observe(type, (entry) => {
        const { startTime, duration } = entry;
        if (!entry.name.startsWith(measurePrefix)) return;
        const view = viewAt(startTime);
        const timing = entry.name.slice(measurePrefix.length);
        if (type > "mark") addTiming(view, timing, duration, startTime + duration);
        else if (timing === "usable") markUsable(startTime, view);
        else addTiming(view, timing, startTime - view!._start, startTime);
      });
    }
    const { serverTiming, responseStart } = navigationEntry();
    for (const { name, duration } of serverTiming.slice(0, SERVER_TIMINGS_MAX)) addTiming(initial, "server_" + name, duration, responseStart);
  });
};
