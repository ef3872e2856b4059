// Cumulative Layout Shift. Method (bursts of shifts, at most 5 s long, with gaps under 1 s): https://web.dev/articles/cls#what_is_cls
// Limits: https://web.dev/articles/cls#what_is_a_good_cls_score
//
// From the entries themselves, because a shift belongs to the view in which it happened. For the document's own view the value is
// that of the web-vitals library.
import { observe } from "./browser";
import { round } from "./snapshot";
import { targetName } from "./target";
import type { View } from "./snapshot";
import type { Views } from "./views";

export interface LayoutShift extends PerformanceEntry {
  readonly value: number;
  readonly hadRecentInput: boolean;
  readonly sources?: readonly { readonly node: Node | null }[];
}

const BURST_GAP_MS = 1_000;
const BURST_MS_MAX = 5_000;

/** The bursts of shifts of one view. */
export class Shifts {
  /** The worst burst so far. */
  cls = 0;
  private sum = 0;
  private began = 0;
  private last = -Infinity;
  private largest: LayoutShift | undefined;

  /** The largest shift of its burst, when the burst has become the worst. */
  add(shift: LayoutShift): LayoutShift | undefined {
    const { startTime, value } = shift;
    if (startTime - this.last >= BURST_GAP_MS || startTime - this.began >= BURST_MS_MAX) {
      this.sum = 0;
      this.began = startTime;
      this.largest = undefined;
    }
    this.sum += value;
    this.last = startTime;
    if (!this.largest || value > this.largest.value) this.largest = shift;
    if (this.sum <= this.cls) return undefined;
    this.cls = this.sum;
    return this.largest;
  }
}

/** Starts observing. The returned function takes what is not delivered yet, and brings the views up to date. */
export function measureCls(views: Views): () => void {
  if (!PerformanceObserver.supportedEntryTypes.includes("layout-shift")) return () => {};
  const known = new WeakMap<View, Shifts>();
  const take = observe("layout-shift", (entry: LayoutShift) => {
    const view = entry.hadRecentInput ? undefined : views.at(entry.startTime);
    if (!view) return;
    let shifts = known.get(view);
    if (!shifts) known.set(view, (shifts = new Shifts()));
    const largest = shifts.add(entry);
    if (!largest) return;
    const node = (largest.sources?.find((source) => source.node?.nodeType === 1) ?? largest.sources?.[0])?.node;
    const target = targetName(node);
    view.attribution.cls = { ...(target && { target }), time: round(Math.max(0, largest.startTime - view.start)) };
    views.changed();
  });
  return () => {
    take();
    for (const view of views.list) {
      // A page that painted nothing, in a background tab for example, has not been stable: nobody saw it.
      const seen = view !== views.initial || view.metrics.fcp !== undefined;
      if (seen) view.metrics.cls = known.get(view)?.cls ?? 0;
    }
  };
}
