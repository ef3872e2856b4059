// Frames that kept the page from answering, with the script to blame; a view has the worst of them.
import { longestScript, onFrame } from "./frames";
import { EVENTS_OF_KIND_MAX } from "./limits";
import { addEvent, viewAt } from "./views";
import type { LongFrame } from "./frames";
import type { View, ViewEvent } from "./views";

/** Less than this hardly anyone feels, ms. */
const BLOCKING_MIN_MS = 100;

export const fileLongFrame = (view: View | undefined, frame: LongFrame): void => {
  const { startTime, duration, blockingDuration: blocking } = frame;
  if (blocking < BLOCKING_MIN_MS || !view) return;
  const type = "long_frame";
  const script = longestScript(startTime, startTime + duration, [frame]);
  addEvent(view, type, { blocking, duration, script }, startTime, Infinity);
  const { events, dropped } = view._wire;
  const severity = (event: ViewEvent): number => event["blocking"] as number;
  const frames = events.filter((event) => event.type === type).sort((a, b) => severity(b) - severity(a));
  const mildest = frames[EVENTS_OF_KIND_MAX];
  if (mildest) {
    events.splice(events.indexOf(mildest), 1);
    dropped[type] = (dropped[type] ?? 0) + 1;
  }
};

export const watchLongFrames = (): unknown => (onFrame._tell = (frame) => fileLongFrame(viewAt(frame.startTime), frame));
