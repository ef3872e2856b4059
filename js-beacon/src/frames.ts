// Which script kept a frame from being drawn: https://www.w3.org/TR/long-animation-frames/
import { observe } from "./browser";
import { scrubText, scrubUrl } from "./url";

interface ScriptTiming extends PerformanceEntry {
  readonly sourceURL: string;
  readonly invoker: string;
}

export interface LongFrame extends PerformanceEntry {
  readonly blockingDuration: number;
  readonly scripts: readonly ScriptTiming[];
}

/** Frames remembered to say which script made an interaction slow. */
const FRAMES_KEPT = 20;
const recent: LongFrame[] = [];
/** Who else wants to know of long frames. */
export const onFrame: { _tell?: (frame: LongFrame) => void } = {};

/** The script that ran longest between two moments, by its address, or by what called it where it has none. */
export const longestScript = (from: number, to: number, frames: readonly LongFrame[] = recent): string => {
  let longest = 0;
  let name = "";
  for (const { startTime, duration, sourceURL, invoker } of frames.flatMap((frame) => frame.scripts)) {
    const overlap = Math.min(to, startTime + duration) - Math.max(from, startTime);
    if (overlap > longest) {
      longest = overlap;
      name = scrubUrl(sourceURL) || scrubText(invoker);
    }
  }
  return name;
};

export const watchFrames = (): void =>
  observe("long-animation-frame", (entry: LongFrame) => {
    recent.push(entry);
    recent.splice(0, recent.length - FRAMES_KEPT);
    if (FULL) onFrame._tell?.(entry);
  });
