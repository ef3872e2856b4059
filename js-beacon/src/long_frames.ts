// Frames that kept the page from answering: https://www.w3.org/TR/long-animation-frames/
import { observe } from "./browser";
import { scriptName } from "./inp";
import { EVENTS_OF_KIND_MAX } from "./limits";
import { addEvent, round } from "./snapshot";
import type { Views } from "./views";

interface LongFrame extends PerformanceEntry {
  readonly blockingDuration: number;
  readonly scripts: readonly PerformanceScriptTiming[];
}

/** Less than this hardly anyone feels, ms. */
const BLOCKING_MIN_MS = 100;

/** Starts observing; the worst frames of each view are kept. The returned function takes what is not delivered yet. */
export function watchLongFrames(views: Views): () => void {
  const each = (entry: LongFrame): void => {
    const view = entry.blockingDuration >= BLOCKING_MIN_MS ? views.at(entry.startTime) : undefined;
    if (!view) return;
    const blocking = (event: { [field: string]: unknown }): number => Number(event["blocking"]);
    const frames = view.events.filter((event) => event.type === "long_frame");
    if (frames.length >= EVENTS_OF_KIND_MAX["long_frame"]!) {
      const mildest = frames.reduce((a, b) => (blocking(b) < blocking(a) ? b : a));
      if (blocking(mildest) < entry.blockingDuration) {
        view.events.splice(view.events.indexOf(mildest), 1);
        view.dropped["long_frame"] = (view.dropped["long_frame"] ?? 0) + 1;
      }
    }
    const script = entry.scripts.length
      ? entry.scripts.reduce((longest, other) => (other.duration > longest.duration ? other : longest))
      : undefined;
    addEvent(view, {
      type: "long_frame",
      at: entry.startTime,
      duration: round(entry.duration),
      blocking: round(entry.blockingDuration),
      script: (script && scriptName(script)) || undefined,
    });
    views.changed();
  };
  const observer = observe("long-animation-frame", each);
  return () => (observer?.takeRecords() as LongFrame[] | undefined)?.forEach(each);
}
