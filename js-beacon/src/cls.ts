// Cumulative Layout Shift. Method (bursts of shifts, at most 5 s long, with gaps under 1 s): https://web.dev/articles/cls#what_is_cls
// Limits: https://web.dev/articles/cls#what_is_a_good_cls_score
//
// A shift belongs to the view in which it happened. For the document's own view the value is web-vitals'.
import { observe, refreshers, supports } from "./browser";
import { targetName } from "./target";
import { initial, viewAt } from "./views";
import { changed } from "./send";
import type { View } from "./views";

export interface LayoutShift extends PerformanceEntry {
  readonly value: number;
  readonly hadRecentInput: boolean;
  readonly sources?: readonly { readonly node: Node | null }[];
}

const BURST_GAP_MS = 1_000;
const BURST_MS_MAX = 5_000;

/** Adds a shift to its burst; when that has become the worst, it counts, and its largest shift is to blame. */
export const addShift = (view: View, { value, startTime, sources }: LayoutShift): void => {
  if (!(startTime - view._burst._last! < BURST_GAP_MS && startTime - view._burst._began! < BURST_MS_MAX)) {
    view._burst = { _sum: 0, _began: startTime };
  }
  const burst = view._burst;
  burst._last = startTime;
  burst._sum! += value;
  if (!(burst._largest! >= value)) {
    // Named at once: elements come and go.
    burst._largest = value;
    burst._blame = { target: targetName(sources?.find(({ node }) => node)?.node), time: startTime - view._start };
  }
  if (!(burst._sum! <= view._cls!)) {
    view._wire.attribution["cls"] = burst._blame!;
    view._cls = burst._sum!;
    changed();
  }
};

export const measureCls = (): void => {
  observe("layout-shift", (entry: LayoutShift) => {
    const view = entry.hadRecentInput ? undefined : viewAt(entry.startTime);
    if (view) addShift(view, entry);
  });
  refreshers.push((view) => {
    // A page that painted nothing, in a background tab for example, has not been stable: nobody saw it.
    if ((view !== initial || view._wire.metrics["fcp"]! >= 0) && supports("layout-shift")) view._wire.metrics["cls"] = view._cls ?? 0;
  });
};
