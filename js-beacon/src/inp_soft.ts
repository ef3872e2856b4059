// Interaction to Next Paint of views that began with a route change, from the entries themselves.
//
// The library files the click that caused a route change under either side of it, depending on which entry the browser
// delivers first. Here the interaction's own start decides. Method: https://web.dev/articles/inp#what_is_inp
import { observe } from "./browser";
import { slowestEvent } from "./inp";
import { round } from "./snapshot";
import { targetName } from "./target";
import type { View } from "./snapshot";
import type { Views } from "./views";

/** The worst interactions needed for a 98th percentile of up to 500. */
const WORST_KEPT = 10;
/** The least that browsers report, ms. */
const DURATION_MIN_MS = 16;

/** The interactions of one view. */
export class Interactions {
  private worst: { id: number; duration: number; entries: PerformanceEventTiming[] }[] = [];
  private count = 0;
  private lastId = 0;

  add(entry: PerformanceEventTiming): void {
    if (entry.interactionId > this.lastId) {
      this.count++;
      this.lastId = entry.interactionId;
    }
    const known = this.worst.find((other) => other.id === entry.interactionId);
    if (!known) {
      this.worst.push({ id: entry.interactionId, duration: entry.duration, entries: [entry] });
    } else if (entry.duration > known.duration) {
      known.duration = entry.duration;
      known.entries = [entry];
    } else if (entry.duration === known.duration) {
      known.entries.push(entry);
    }
    this.worst.sort((a, b) => b.duration - a.duration).splice(WORST_KEPT);
  }

  /** One interaction in fifty may be worse than the one that counts. */
  get inp(): { duration: number; entries: PerformanceEventTiming[] } | undefined {
    return this.worst[Math.min(this.worst.length - 1, Math.floor(this.count / 50))];
  }
}

/** Starts observing; the returned function takes what the browser has not delivered yet. */
export function measureInpOfRoutes(views: Views): () => void {
  const known = new WeakMap<View, Interactions>();
  const each = (entry: PerformanceEventTiming): void => {
    const view = entry.interactionId ? views.at(entry.startTime) : undefined;
    if (view?.nav !== "soft") return;
    let interactions = known.get(view);
    if (!interactions) known.set(view, (interactions = new Interactions()));
    interactions.add(entry);
    const inp = interactions.inp!;
    const first = inp.entries[0]!;
    const target = inp.entries.find((other) => other.target)?.target;
    const began = Math.min(...inp.entries.map((other) => other.processingStart));
    const ended = Math.min(Math.max(...inp.entries.map((other) => other.processingEnd)), first.startTime + inp.duration);
    view.metrics.inp = inp.duration;
    view.attribution.inp = {
      ...(target && { target: targetName(target) }),
      event: slowestEvent(inp.entries),
      input_delay: round(began - first.startTime),
      processing: round(Math.max(0, ended - began)),
      presentation: round(Math.max(0, first.startTime + inp.duration - ended)),
    };
    views.changed();
  };
  const observer = observe("event", each, { durationThreshold: DURATION_MIN_MS });
  return () => (observer?.takeRecords() as PerformanceEventTiming[] | undefined)?.forEach(each);
}
