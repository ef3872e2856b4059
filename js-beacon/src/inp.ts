// Interaction to Next Paint. Limits: https://web.dev/articles/inp#what_is_a_good_inp_score
//
// The library measures the document from its load, or from its return out of the back/forward cache. An interaction belongs to
// the view in which it began, so values of interactions that began after a route change are left to `inp_soft.ts`.
import { onINP } from "web-vitals/attribution";
import { round } from "./snapshot";
import { scrubUrl } from "./url";
import { viewOf } from "./vitals";
import type { Views } from "./views";

export function measureInp(views: Views): void {
  onINP(
    (metric) => {
      const view = viewOf(views, metric);
      const began = metric.entries[0]?.startTime ?? 0;
      if (!view || began >= view.ends) return;
      const cause = metric.attribution;
      const script = cause.longestScript?.entry;
      view.metrics.inp = metric.value;
      if (metric.entries.length) {
        view.attribution.inp = {
          ...(cause.interactionTarget && { target: cause.interactionTarget }),
          event: slowestEvent([...metric.entries, ...cause.processedEventEntries]),
          input_delay: round(cause.inputDelay),
          processing: round(cause.processingDuration),
          presentation: round(cause.presentationDelay),
          ...(script && { script: scriptName(script) }),
        };
      }
      views.changed();
    },
    { reportAllChanges: true, includeProcessedEventEntries: true },
  );
}

/** A press is several events that end in one frame (`pointerdown`, `click`, …): the one whose handlers took longest names it. */
export function slowestEvent(entries: readonly PerformanceEventTiming[]): string {
  const handling = (entry: PerformanceEventTiming): number => entry.processingEnd - entry.processingStart;
  return entries.reduce((slowest, entry) => (handling(entry) > handling(slowest) ? entry : slowest)).name;
}

/** A script by its address, or by what called it where it has none. */
export function scriptName(script: PerformanceScriptTiming): string {
  return scrubUrl(script.sourceURL) || scrubUrl(script.invoker);
}
