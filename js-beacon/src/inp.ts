// Interaction to Next Paint. Method: https://web.dev/articles/inp#what_is_inp
// Limits: https://web.dev/articles/inp#what_is_a_good_inp_score
//
// From the entries themselves, because an interaction belongs to the view in which it began. The web-vitals library measures whole
// documents, files the click that causes a route change under either side of it, depending on which entry comes first, and
// waits for an idle moment that a tab being hidden does not give. For the document's own view the value is the library's.
import { observe } from "./browser";
import { longestScript } from "./long_frames";
import { round } from "./snapshot";
import { targetName } from "./target";
import type { View } from "./snapshot";
import type { Views } from "./views";

/** The worst interactions needed for a 98th percentile of up to 500. */
const WORST_KEPT = 10;
/** The least that browsers report, ms. */
const DURATION_MIN_MS = 16;
/** What the library looks at in a document's own view, the first input aside, ms; figures of other tools are made so. */
const LIBRARY_DURATION_MIN_MS = 40;
/** Durations are rounded to 8 ms, so entries of one frame end within that of one another. */
const SAME_FRAME_MS = 8;

export interface Interaction {
  readonly id: number;
  duration: number;
  /** Events of one press: `pointerdown`, `pointerup`, `click`. The one whose duration counts comes first. */
  entries: PerformanceEventTiming[];
  target: string;
}

/** The interactions of one view. */
export class Interactions {
  private worst: Interaction[] = [];

  add(entry: PerformanceEventTiming): void {
    let interaction = this.worst.find((other) => other.id === entry.interactionId);
    if (!interaction) {
      interaction = { id: entry.interactionId, duration: 0, entries: [], target: "" };
      this.worst.push(interaction);
    }
    interaction.target ||= targetName(entry.target);
    if (entry.duration > interaction.duration) {
      interaction.duration = entry.duration;
      interaction.entries.unshift(entry);
    } else {
      interaction.entries.push(entry);
    }
    this.worst.sort((a, b) => b.duration - a.duration).splice(WORST_KEPT);
  }

  /** Of `count` interactions in the view, one in fifty may be worse than the one that counts. */
  inp(count: number): Interaction | undefined {
    return this.worst[Math.min(this.worst.length - 1, Math.floor(count / 50))];
  }
}

/** Where the time of an interaction went, in the frame that answered it. */
export function partsOf({ duration, entries }: Interaction) {
  const [first] = entries as [PerformanceEventTiming];
  const paint = first.startTime + duration;
  const frame = entries.filter((entry) => Math.abs(entry.startTime + entry.duration - paint) <= SAME_FRAME_MS);
  const handling = (entry: PerformanceEventTiming): number => entry.processingEnd - entry.processingStart;
  const began = Math.min(...frame.map((entry) => entry.processingStart));
  // Handlers may go on after the paint that a dialog forced: https://github.com/GoogleChrome/web-vitals/issues/492
  const ended = Math.max(began, Math.min(paint, Math.max(...frame.map((entry) => entry.processingEnd))));
  return {
    // A press is several events: the one whose handlers took longest names it.
    event: frame.reduce((slowest, entry) => (handling(entry) > handling(slowest) ? entry : slowest)).name,
    input_delay: round(Math.max(0, began - first.startTime)),
    processing: round(ended - began),
    presentation: round(Math.max(0, paint - ended)),
  };
}

const interactionCount = (): number => (performance as { interactionCount?: number }).interactionCount ?? 0;

/** Starts observing. The returned function takes what is not delivered yet, and brings the views up to date. */
export function measureInp(views: Views): () => void {
  const known = new Map<View, Interactions>();
  /** The browser's number of interactions when each view began, and when it ended. */
  const counts = new WeakMap<View, { from: number; to?: number }>();
  const each = (entry: PerformanceEventTiming): void => {
    const view = entry.interactionId ? views.at(entry.startTime) : undefined;
    if (!view) return;
    if (view === views.initial && entry.entryType === "event" && entry.duration < LIBRARY_DURATION_MIN_MS) return;
    let interactions = known.get(view);
    if (!interactions) known.set(view, (interactions = new Interactions()));
    interactions.add(entry);
    views.changed();
  };
  views.begun.push((view, previous) => {
    const from = interactionCount();
    counts.set(view, { from });
    if (previous) counts.set(previous, { from: counts.get(previous)?.from ?? 0, to: from });
  });
  const take = [observe("event", each, { durationThreshold: DURATION_MIN_MS }), observe("first-input", each)];
  return () => {
    for (const takeRecords of take) takeRecords();
    for (const [view, interactions] of known) {
      const { from = 0, to = interactionCount() } = counts.get(view) ?? {};
      const inp = interactions.inp(to - from);
      if (!inp || !views.list.includes(view)) {
        known.delete(view);
        continue;
      }
      view.metrics.inp = inp.duration;
      const parts = partsOf(inp);
      const [first] = inp.entries as [PerformanceEventTiming];
      view.attribution.inp = {
        ...(inp.target && { target: inp.target }),
        ...parts,
        script: longestScript(first.startTime, first.startTime + inp.duration),
      };
    }
  };
}
