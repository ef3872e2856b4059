// When the page was visible: from the start, until when at first, and when a view was left.
import type { View } from "./snapshot";

/** Visibility before the script ran, from the browser's own record where it has one. */
export function visibilityBefore(start: number): Pick<View, "hiddenAtStart" | "firstHidden"> {
  const states = performance.getEntriesByType("visibility-state");
  const initial = states.findLast((state) => state.startTime <= start) ?? states[0];
  const hiddenNow = document.visibilityState === "hidden";
  // A prerendered page counts as hidden until it is shown: only what was after that matters.
  const hiddenAtStart = initial && start === 0 ? initial.name === "hidden" : hiddenNow;
  const hidden = states.find((state) => state.name === "hidden" && state.startTime > start);
  return { hiddenAtStart, firstHidden: hiddenAtStart ? start : hidden?.startTime };
}

/** Notes that the view is hidden from `time` on; only the first time counts. */
export function noteHidden(view: View, time: number): void {
  view.firstHidden ??= time;
}

/** Notes that the view ended. */
export function noteLeft(view: View, time: number): void {
  view.left ??= time;
}
