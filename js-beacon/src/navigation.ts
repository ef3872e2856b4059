// How the document came: kind of navigation, HTTP status, and the phases of Navigation Timing.
// https://www.w3.org/TR/navigation-timing-2/#processing-model
import { ttfbOf } from "./ttfb";
import type { MetricName, NavigationKind, View } from "./snapshot";

interface NavigationTiming extends PerformanceNavigationTiming {
  readonly activationStart?: number;
  readonly responseStatus: number;
}

export function navigationEntry(): NavigationTiming | undefined {
  return performance.getEntriesByType("navigation")[0] as NavigationTiming | undefined;
}

export function navigationKind(entry: NavigationTiming | undefined): NavigationKind {
  if (entry?.activationStart) return "prerender";
  // A tab that the browser had thrown away and loaded again when the visitor came back to it.
  if ((document as { wasDiscarded?: boolean }).wasDiscarded) return "restore";
  const type = entry?.type;
  return type === "reload" || type === "back_forward" ? type : "navigate";
}

/**
 * Durations of the network phases, and moments of the document's own milestones, in ms; a phase that has not ended is missing,
 * one that was not needed (a connection in use again) is 0. `hidden` is when the page was first hidden: a milestone after it
 * says how browsers throttle hidden tabs, not what anyone waited for, and is left out.
 */
export function phasesOf(entry: NavigationTiming, hidden: number): Partial<Record<MetricName, number>> {
  const phases: Partial<Record<MetricName, number>> = {};
  const span = (name: MetricName, from: number, to: number): void => {
    if (to >= from && to > 0) phases[name] = to - from;
  };
  span("redirect", entry.redirectStart, entry.redirectEnd || entry.fetchStart);
  if (!entry.redirectStart) phases.redirect = 0;
  span("dns", entry.domainLookupStart, entry.domainLookupEnd);
  span("connect", entry.connectStart, entry.secureConnectionStart || entry.connectEnd);
  if (entry.secureConnectionStart) span("tls", entry.secureConnectionStart, entry.connectEnd);
  else if (entry.connectEnd) phases.tls = 0;
  span("request", entry.requestStart, entry.responseStart);
  span("response", entry.responseStart, entry.responseEnd);
  const from = entry.activationStart ?? 0;
  const milestone = (name: MetricName, time: number): void => {
    if (time > 0 && time < hidden) phases[name] = Math.max(0, time - from);
  };
  milestone("dom_interactive", entry.domInteractive);
  milestone("dom_content_loaded", entry.domContentLoadedEventEnd);
  milestone("load", entry.loadEventEnd);
  return phases;
}

/** Brings the navigation's part of the document's own view up to date. */
export function measureNavigation(view: View): void {
  const entry = navigationEntry();
  if (!entry) return;
  Object.assign(view.metrics, phasesOf(entry, view.hiddenAtStart ? 0 : (view.firstHidden ?? Infinity)));
  const ttfb = ttfbOf(entry);
  if (ttfb !== undefined) view.metrics.ttfb = ttfb;
  view.status = entry.responseStatus || undefined;
}
