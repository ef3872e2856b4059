// Frames that kept the page from answering, and the scripts in them: https://www.w3.org/TR/long-animation-frames/
import { observe } from "./browser";
import { EVENTS_OF_KIND_MAX } from "./limits";
import { addEvent, countDropped, round } from "./snapshot";
import { scrubText, scrubUrl } from "./url";
import type { View, ViewEvent } from "./snapshot";
import type { Views } from "./views";

interface LongFrame extends PerformanceEntry {
  readonly blockingDuration: number;
  readonly scripts: readonly PerformanceScriptTiming[];
}

/** Less than this hardly anyone feels, ms. */
const BLOCKING_MIN_MS = 100;
/** Frames remembered to say which script made an interaction slow. */
const FRAMES_KEPT = 20;

let recent: LongFrame[] = [];

/** The script that ran longest between two moments, by its address, or by what called it where it has none. */
export function longestScript(from: number, to: number, frames: readonly LongFrame[] = recent): string | undefined {
  let longest = 0;
  let name: string | undefined;
  for (const script of frames.flatMap((frame) => frame.scripts)) {
    const overlap = Math.min(to, script.startTime + script.duration) - Math.max(from, script.startTime);
    if (overlap > longest) {
      longest = overlap;
      name = scrubUrl(script.sourceURL) || scrubText(script.invoker) || undefined;
    }
  }
  return name;
}

/** Keeps the worst frames of a view: a full list loses its mildest. */
export function fileLongFrame(view: View, frame: LongFrame): void {
  const blocking = (event: ViewEvent): number => event["blocking"] as number;
  const frames = view.events.filter((event) => event.type === "long_frame").sort((a, b) => blocking(a) - blocking(b));
  if (frames.length >= EVENTS_OF_KIND_MAX["long_frame"]! && blocking(frames[0]!) < frame.blockingDuration) {
    view.events.splice(view.events.indexOf(frames[0]!), 1);
    countDropped(view.dropped, "long_frame", 1);
  }
  addEvent(view, {
    type: "long_frame",
    at: frame.startTime,
    duration: round(frame.duration),
    blocking: round(frame.blockingDuration),
    script: longestScript(frame.startTime, frame.startTime + frame.duration, [frame]),
  });
}

/** Starts observing; the returned function takes what is not delivered yet. */
export function watchLongFrames(views: Views): () => void {
  return observe("long-animation-frame", (entry: LongFrame) => {
    recent.push(entry);
    recent = recent.slice(-FRAMES_KEPT);
    const view = entry.blockingDuration >= BLOCKING_MIN_MS ? views.at(entry.startTime) : undefined;
    if (!view) return;
    fileLongFrame(view, entry);
    views.changed();
  });
}
