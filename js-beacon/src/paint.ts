// First and Largest Contentful Paint. Limits: https://web.dev/articles/fcp and https://web.dev/articles/lcp
//
// The browser reports them for documents, and for route changes that it knows as soft navigations. After a return out of the
// back/forward cache, and for the first paint of a route change elsewhere, it is the first frame drawn since. The rules are those
// of the web-vitals library, which the tests hold beside them: a paint after the page was first hidden was seen by nobody.
import { now, observe, supports } from "./browser";
import { navigationEntry } from "./navigation";
import { targetName } from "./target";
import { scrubUrl } from "./url";
import { initial, list, noteMoment, onBegin } from "./views";
import type { View } from "./views";

interface Paint extends PerformanceEntry {
  readonly element?: Element | null;
  readonly id?: string;
  readonly url?: string;
  readonly renderTime: number;
}

interface Caused extends PerformanceEntry {
  readonly interactionId?: number;
}

interface InteractionPaint extends Caused {
  readonly largestContentfulPaint?: Paint;
}

interface SoftNavigation extends Caused {
  readonly presentationTime?: number;
  readonly paintTime?: number;
  getLargestInteractionContentfulPaint?(): InteractionPaint | null;
}

const noteFcp = (view: View | undefined, paint: number): unknown => view?._wire.metrics["fcp"]! >= 0 || noteMoment(view, "fcp", paint);

/** Where the time of a paint went. `responseStart` is that of the view's own document, where it has one. */
export const partsOf = (value: number, start: number, responseStart: number, resource: Partial<PerformanceResourceTiming> = {}) => {
  // A video goes on loading after its first picture.
  const within = (least: number, time = start): number => Math.min(value, Math.max(least, time - start));
  const ttfb = within(0, responseStart);
  const requested = within(ttfb, resource.requestStart || resource.startTime);
  const loaded = within(requested, resource.responseEnd);
  return { ttfb, load_time: loaded - requested, load_delay: requested - ttfb, render_delay: value - loaded };
};

const noteLcp = (view: View | undefined, time: number, { element, url = "" }: Partial<Paint>): void => {
  if (!noteMoment(view, "lcp", time)) return;
  const resource = performance.getEntriesByName(url, "resource").at(-1) as PerformanceResourceTiming | undefined;
  view!._wire.attribution["lcp"] = {
    target: targetName(element),
    url: scrubUrl(url),
    ...partsOf(view!._wire.metrics["lcp"]!, view!._start, view === initial ? navigationEntry().responseStart : 0, resource),
  };
};

/** The first frame after now stands for what the browser does not tell. */
const noteFirstFrame = (view: View): void => {
  const { nav } = view._wire;
  const restored = nav === "bfcache";
  if (restored || (nav === "soft" && !supports("soft-navigation"))) {
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        const time = now();
        noteFcp(view, time);
        if (restored && supports("largest-contentful-paint")) noteLcp(view, time, {});
      }),
    );
  }
};

export const measurePaints = (): void => {
  onBegin.push(noteFirstFrame);
  const each = ({ interactionId, largestContentfulPaint: paint }: InteractionPaint): void => {
    // Paints of an interaction that changed no route have no view of their own.
    const view = list.find((other) => other._cause === interactionId && interactionId);
    if (paint) noteLcp(view, paint.renderTime, paint);
  };
  observe("paint", (entry) => {
    // `first-contentful-paint`, and not `first-paint`, of a background colour for example.
    if (entry.name[6]! < "p") noteFcp(initial, entry.startTime);
  });
  observe("largest-contentful-paint", (entry: Paint) => noteLcp(initial, entry.startTime, entry));
  observe("soft-navigation", (entry: SoftNavigation) => {
    const { startTime, interactionId } = entry;
    // The first route change since the interaction that the browser names; the view begins with that interaction.
    const view = list.find((other) => other._begins >= startTime && !other._cause);
    if (!view) return;
    view._cause = interactionId!;
    view._start = startTime;
    noteFcp(view, entry.presentationTime || entry.paintTime || 0);
    const paint = entry.getLargestInteractionContentfulPaint?.();
    if (paint) each(paint);
  });
  observe("interaction-contentful-paint", each);
};
