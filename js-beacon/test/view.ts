// Views and entries for tests, with only what matters said.
import type { Shared, View } from "../src/snapshot";

export const shared: Shared = { client: {}, release: undefined, visitor: undefined, tags: {}, sampleRate: 1 };

export function viewWith(parts: Partial<View> = {}): View {
  return {
    id: "view-0001",
    session: "session-1",
    nav: "navigate",
    start: 0,
    begins: 0,
    ends: Infinity,
    url: "https://shop.example/",
    referrer: "",
    title: "",
    route: undefined,
    status: undefined,
    hiddenAtStart: false,
    firstHidden: undefined,
    left: undefined,
    metrics: {},
    attribution: {},
    events: [],
    dropped: {},
    navigationId: undefined,
    seq: 0,
    sent: "",
    ...parts,
  };
}

export function press(parts: Partial<PerformanceEventTiming> & { interactionId: number }): PerformanceEventTiming {
  const { startTime = 0, duration = 40 } = parts;
  return { name: "click", entryType: "event", startTime, duration, processingStart: startTime + 1, processingEnd: startTime + 2, target: null, ...parts } as PerformanceEventTiming;
}
