// How the document came: kind of navigation, HTTP status, and the phases of Navigation Timing.
// https://www.w3.org/TR/navigation-timing-2/#processing-model
// TTFB limits: https://web.dev/articles/ttfb#what_is_a_good_ttfb_score
import { now, refreshers } from "./browser";
import { initial } from "./views";
import type { NavigationKind } from "./views";

type NavigationTiming = PerformanceNavigationTiming & { readonly activationStart?: number };

/** Empty where there is none. */
export const navigationEntry = (): NavigationTiming =>
  (performance.getEntriesByType("navigation")[0] ?? {}) as NavigationTiming;

export const navigationKind = ({ type, activationStart }: NavigationTiming): NavigationKind => {
  if (activationStart) return "prerender";
  // A tab that the browser had thrown away and loaded again when the visitor came back to it.
  return (document as { wasDiscarded?: boolean }).wasDiscarded ? "restore" : (type as NavigationKind);
};

/**
 * Notes TTFB, the durations of the network phases, and the moments of the document's own milestones, in ms. A phase that has not ended is
 * missing, one that was not needed (a connection in use again) is 0. They count from
 * `from`; `hidden` is when the page was first hidden: a milestone after it says how browsers throttle hidden tabs, not what anyone waited for, and is left out.
 */
export const notePhases = (entry: NavigationTiming, phases: Record<string, number>, from: number, hidden?: number | undefined, time = now()): void => {
  const { responseStart, fetchStart, secureConnectionStart, connectEnd } = entry;
  const span = (name: string, start: number, end: number): void => {
    if (end && end >= start) phases[name] = end - start;
  };
  const moment = (name: string, at: number, last = hidden): void => {
    if (at > 0 && !(at >= last!)) phases[name] = Math.max(0, at - from);
  };
  span("redirect", entry.redirectStart || fetchStart, entry.redirectEnd || fetchStart);
  span("dns", entry.domainLookupStart, entry.domainLookupEnd);
  span("connect", entry.connectStart, secureConnectionStart || connectEnd);
  span("tls", secureConnectionStart || connectEnd, connectEnd);
  span("request", entry.requestStart, responseStart);
  span("response", responseStart, entry.responseEnd);
  // Missing where the browser hides it or gives nonsense: https://github.com/GoogleChrome/web-vitals/issues/137
  moment("ttfb", responseStart, time);
  moment("dom_content_loaded", entry.domContentLoadedEventEnd);
  moment("load", entry.loadEventEnd);
  moment("dom_interactive", entry.domInteractive);
};

export const measureNavigation = (): void => {
  refreshers.push((view) => {
    if (view !== initial) return;
    const entry = navigationEntry();
    notePhases(entry, view._wire.metrics, view._start, view._wire.hidden_at_start ? 0 : view._hidden);
    view._wire.status = entry.responseStatus;
  });
};
