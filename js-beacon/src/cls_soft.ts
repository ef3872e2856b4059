// Cumulative Layout Shift of views that began with a route change, from the entries themselves.
// Method (bursts of shifts, at most 5 s long, with gaps under 1 s): https://web.dev/articles/cls#what_is_cls
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
  private burst: LayoutShift[] = [];

  /** Whether this shift made `cls` grow. */
  add(shift: LayoutShift): boolean {
    const [first] = this.burst;
    const last = this.burst.at(-1);
    const goesOn =
      first && last && shift.startTime - last.startTime < BURST_GAP_MS && shift.startTime - first.startTime < BURST_MS_MAX;
    if (!goesOn) this.burst = [];
    this.burst.push(shift);
    const sum = this.burst.reduce((total, each) => total + each.value, 0);
    const grew = sum > this.cls;
    if (grew) this.cls = sum;
    return grew;
  }

  get largest(): LayoutShift {
    return this.burst.reduce((largest, shift) => (shift.value > largest.value ? shift : largest));
  }
}

/** Starts observing; the returned function takes what the browser has not delivered yet. */
export function measureClsOfRoutes(views: Views): () => void {
  const known = new WeakMap<View, Shifts>();
  const each = (entry: LayoutShift): void => {
    const view = entry.hadRecentInput ? undefined : views.at(entry.startTime);
    if (view?.nav !== "soft") return;
    let shifts = known.get(view);
    if (!shifts) known.set(view, (shifts = new Shifts()));
    if (!shifts.add(entry)) return;
    const { sources, startTime } = shifts.largest;
    const node = (sources?.find((source) => source.node?.nodeType === 1) ?? sources?.[0])?.node;
    view.metrics.cls = shifts.cls;
    view.attribution.cls = { ...(node && { target: targetName(node) }), time: round(startTime - view.start) };
    views.changed();
  };
  const observer = observe("layout-shift", each);
  return () => (observer?.takeRecords() as LayoutShift[] | undefined)?.forEach(each);
}

/** Zero is a value where shifts are measured: a route change without any has been stable. */
export function beginClsOfRoute(view: View): void {
  if (PerformanceObserver.supportedEntryTypes.includes("layout-shift")) view.metrics.cls = 0;
}
