// The page's own timings from the User Timing API: `performance.measure("felt:name", …)` becomes the timing `name`, and
// `performance.mark("felt:usable")` says when the page was ready to be used, exactly and without waiting for the beacon.
import { observe } from "./browser";
import { addEvent, round } from "./snapshot";
import { cut } from "./url";
import type { View } from "./snapshot";
import type { Views } from "./views";

const NAME_CHARS_MAX = 64;

export function addTiming(view: View, name: string, at: number, valueMs: number): void {
  if (name && valueMs >= 0 && valueMs < Infinity) {
    addEvent(view, { type: "timing", at, name: cut(name, NAME_CHARS_MAX), value: round(valueMs) });
  }
}

/** The first mark counts. Readiness that nobody waited for, because the page was hidden, is not measured. */
export function markUsable(view: View, time: number): void {
  if (view.hiddenAtStart || (view.firstHidden !== undefined && time >= view.firstHidden)) return;
  view.metrics.usable ??= Math.max(0, time - view.start);
}

export function watchTimings(views: Views, prefix: string): void {
  const nameOf = (entry: PerformanceEntry): string => (entry.name.startsWith(prefix) ? entry.name.slice(prefix.length) : "");
  observe("measure", (entry) => {
    const view = nameOf(entry) ? views.at(entry.startTime) : undefined;
    if (!view) return;
    addTiming(view, nameOf(entry), entry.startTime + entry.duration, entry.duration);
    views.changed();
  });
  observe("mark", (entry) => {
    const view = nameOf(entry) === "usable" ? views.at(entry.startTime) : undefined;
    if (!view) return;
    markUsable(view, entry.startTime);
    views.changed();
  });
}
