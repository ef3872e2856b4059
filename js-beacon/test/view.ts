// Views and entries for tests, with only what matters said.
import type { View } from "../src/views";

export function viewWith({ _wire, ...parts }: Partial<Omit<View, "_wire">> & { _wire?: Partial<View["_wire"]> } = {}): View {
  return {
    _id: "view-0001",
    _start: 0,
    _begins: 0,
    _seq: 0,
    _presses: [],
    _count: 0,
    _burst: {},
    ...parts,
    _wire: {
      session: "session-1",
      nav: "navigate",
      url: "https://shop.example/",
      referrer: "",
      title: "",
      route: "",
      hidden_at_start: false,
      metrics: {},
      attribution: {},
      events: [],
      dropped: {},
      ..._wire,
    },
  };
}

export function press(parts: Partial<PerformanceEventTiming> & { interactionId: number }): PerformanceEventTiming {
  const { startTime = 0, duration = 40 } = parts;
  return { name: "click", entryType: "event", startTime, duration, processingStart: startTime + 1, processingEnd: startTime + 2, target: null, ...parts } as PerformanceEventTiming;
}

/** Storage in memory; `broken` throws at every touch, as browsers do where the visitor blocks it. */
export function installStorage(name: "localStorage" | "sessionStorage", broken = false): Record<string, string> {
  const items: Record<string, string> = {};
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      if (broken) throw new Error("denied");
      return items;
    },
  });
  return items;
}
