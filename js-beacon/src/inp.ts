// Interaction to Next Paint. Method: https://web.dev/articles/inp#what_is_inp
// Limits: https://web.dev/articles/inp#what_is_a_good_inp_score
//
// An interaction belongs to the view in which it began: the click that changes the route to the view that was clicked on. Entries
// are read at once, for a tab that is hidden gives no idle moment. For the document's own view the value is web-vitals'.
import { observe, refreshers } from "./browser";
import { longestScript } from "./frames";
import { targetName } from "./target";
import { initial, interactionCount, viewAt } from "./views";
import { changed } from "./send";

/** The worst interactions needed for a 98th percentile of up to 500. */
const WORST_KEPT = 10;
/** The least that browsers report, ms. */
const DURATION_MIN_MS = 16;
/** What the library looks at in a document's own view, the first input aside, ms; figures of other tools are made so. */
const LIBRARY_DURATION_MIN_MS = 40;
/** Durations are rounded to 8 ms, so entries of one frame end within that of one another. */
const SAME_FRAME_MS = 8;

/** The events of one interaction (`pointerdown`, `pointerup`, `click`), the slowest first: its duration counts. */
export type Press = PerformanceEventTiming[] & { _target?: string };

const slowestFirst = (a: PerformanceEntry, b: PerformanceEntry): number => b.duration - a.duration;

/** Files an entry under its interaction; `worst` keeps the worst ones, worst first. */
export const addPress = (worst: Press[], entry: PerformanceEventTiming): void => {
  let press = worst.find(([first]) => first!.interactionId === entry.interactionId);
  if (!press) worst.push((press = []));
  press.push(entry);
  press.sort(slowestFirst);
  press._target ||= targetName(entry.target);
  worst.sort(([a], [b]) => slowestFirst(a!, b!)).splice(WORST_KEPT);
};

/** Of `count` interactions in a view, one in fifty may be worse than the one that counts. */
export const inpOf = (worst: readonly Press[], count: number): Press | undefined =>
  worst[Math.min(worst.length - 1, (count / 50) | 0)];

/** Where the time of an interaction went, in the frame that answered it. */
export const pressParts = (press: Press) => {
  const [{ startTime, duration }] = press as [PerformanceEntry, ...unknown[]];
  const paint = startTime + duration;
  let longest = -1;
  let began = paint;
  let ended = 0;
  let event;
  for (const { startTime, duration, processingStart, processingEnd, name } of press) {
    if (Math.abs(startTime + duration - paint) > SAME_FRAME_MS) continue;
    ended = Math.max(ended, processingEnd);
    began = Math.min(began, processingStart);
    // A press is several events: the one whose handlers took longest names it.
    if (processingEnd - processingStart > longest) {
      longest = processingEnd - processingStart;
      event = name;
    }
  }
  began = Math.max(began, startTime);
  // Handlers may go on after the paint that a dialog forced: https://github.com/GoogleChrome/web-vitals/issues/492
  ended = Math.max(began, Math.min(ended, paint));
  return {
    target: press._target,
    event,
    processing: ended - began,
    input_delay: began - startTime,
    presentation: paint - ended,
    ...(FULL && { script: longestScript(startTime, paint) }),
  };
};

export const measureInp = (): void => {
  const each = (entry: PerformanceEventTiming): void => {
    const view = viewAt(entry.startTime);
    // Of the two types, `event` and `first-input`, the library takes a duration as short as it is of the second alone.
    if (!view || !entry.interactionId || (view === initial && entry.entryType < "f" && entry.duration < LIBRARY_DURATION_MIN_MS)) return;
    addPress(view._presses, entry);
    changed();
  };
  observe("event", each, { durationThreshold: DURATION_MIN_MS });
  observe("first-input", each);
  refreshers.push(({ _presses, _wire, _count, _countAfter = interactionCount() }) => {
    const inp = inpOf(_presses, _countAfter - _count);
    if (!inp) return;
    _wire.metrics["inp"] = inp[0]!.duration;
    _wire.attribution["inp"] = pressParts(inp);
  });
};
