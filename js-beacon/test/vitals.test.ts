import assert from "node:assert/strict";
import { test } from "node:test";
import { addShift } from "../src/cls";
import { longestScript } from "../src/frames";
import { addPress, inpOf, pressParts } from "../src/inp";
import { fileLongFrame } from "../src/long_frames";
import { notePhases } from "../src/navigation";
import { partsOf } from "../src/paint";
import { press, viewWith } from "./view";
import type { Press } from "../src/inp";

test("the worst interaction counts, of fifty and more the next one", () => {
  const worst: Press[] = [];
  assert.equal(inpOf(worst, 0), undefined);
  for (let id = 1; id <= 60; id++) addPress(worst, press({ interactionId: id, duration: 16 + id * 8, startTime: id * 100 }));
  assert.equal(inpOf(worst, 49)?.[0]?.duration, 16 + 60 * 8);
  assert.equal(inpOf(worst, 50)?.[0]?.duration, 16 + 59 * 8);
  assert.equal(inpOf(worst, 100)?.[0]?.duration, 16 + 58 * 8);
  assert.equal(inpOf(worst, 5_000)?.[0]?.duration, 16 + 51 * 8, "only ten are kept");
});

test("events of one press are one interaction", () => {
  const worst: Press[] = [];
  addPress(worst, press({ interactionId: 1, name: "pointerdown", duration: 200 }));
  addPress(worst, press({ interactionId: 1, name: "click", duration: 120, startTime: 80 }));
  addPress(worst, press({ interactionId: 2, duration: 150 }));
  assert.equal(inpOf(worst, 2)?.[0]?.duration, 200);
  assert.equal(inpOf(worst, 50)?.[0]?.duration, 150);
});

test("the parts of an interaction add up to it, and its slowest handler names it", () => {
  const worst: Press[] = [];
  addPress(worst, press({ interactionId: 1, name: "pointerdown", startTime: 100, duration: 216, processingStart: 104, processingEnd: 105 }));
  addPress(worst, press({ interactionId: 1, name: "click", startTime: 110, duration: 208, processingStart: 112, processingEnd: 300 }));
  addPress(worst, press({ interactionId: 1, name: "pointerup", startTime: 10, duration: 16, processingStart: 11, processingEnd: 12 }));
  const inp = inpOf(worst, 1)!;
  const parts = pressParts(inp);
  assert.deepEqual(parts, { target: "", event: "click", input_delay: 4, processing: 196, presentation: 16, script: "" });
  assert.equal(parts.input_delay + parts.processing + parts.presentation, inp[0]!.duration);
});

test("handlers that go on after the paint do not make the parts longer than the whole", () => {
  const worst: Press[] = [];
  addPress(worst, press({ interactionId: 1, startTime: 0, duration: 40, processingStart: 5, processingEnd: 5_000 }));
  const { input_delay, processing, presentation } = pressParts(inpOf(worst, 1)!);
  assert.deepEqual([input_delay, processing, presentation], [5, 35, 0]);
});

test("the parts of a paint add up to it, whatever the resource did", () => {
  for (const [value, start, responseStart, resource, expected] of [
    [1_834, 0, 320, { startTime: 500, requestStart: 520, responseEnd: 1_420 }, [320, 200, 900, 414]],
    [1_834, 0, 320, { startTime: 520, requestStart: 0, responseEnd: 1_420 }, [320, 200, 900, 414]],
    [900, 0, 320, undefined, [320, 0, 0, 580]],
    [900, 0, 320, { startTime: 400, requestStart: 400, responseEnd: 5_000 }, [320, 80, 500, 0]],
    [100, 1_000, 320, undefined, [0, 0, 0, 100]],
    [100, 0, 320, undefined, [100, 0, 0, 0]],
  ] as const) {
    const { ttfb, load_delay, load_time, render_delay } = partsOf(value, start, responseStart, resource);
    assert.deepEqual([ttfb, load_delay, load_time, render_delay], expected);
  }
});

const shift = (startTime: number, value: number) => ({ startTime, value, hadRecentInput: false }) as Parameters<typeof addShift>[1];

test("shifts within a second of one another are one burst, of five seconds at most; the worst burst counts", () => {
  const view = viewWith();
  for (const [time, value, cls] of [
    [0, 0.1, 0.1],
    [999, 0.1, 0.2],
    [1_999, 0.05, 0.2],
    [2_500, 0.1, 0.2],
    [3_400, 0.1, 0.25],
    [9_000, 0.01, 0.25],
  ] as const) {
    addShift(view, shift(time, value));
    assert.ok(Math.abs(view._cls! - cls) < 1e-9, `at ${time}`);
  }
  const long = viewWith();
  for (let time = 0; time < 10_000; time += 900) addShift(long, shift(time, 0.1));
  assert.ok(Math.abs(long._cls! - 0.6) < 1e-9, "0, 900, … 4,500");
});

test("the largest shift of the worst burst is to blame", () => {
  const view = viewWith();
  const blamed = (time: number, value: number) => {
    addShift(view, shift(time, value));
    return view._wire.attribution["cls"]?.["time"];
  };
  assert.equal(blamed(0, 0.3), 0);
  assert.equal(blamed(5_000, 0.1), 0);
  assert.equal(blamed(5_100, 0.25), 5_100);
});

const navigation = {
  redirectStart: 0, redirectEnd: 0, fetchStart: 10, domainLookupStart: 10, domainLookupEnd: 22, connectStart: 22, secureConnectionStart: 34,
  connectEnd: 52, requestStart: 53, responseStart: 263, responseEnd: 303, domInteractive: 900, domContentLoadedEventEnd: 950, loadEventEnd: 2_100,
} as unknown as Parameters<typeof notePhases>[0];

const phasesOf = (entry: typeof navigation, from: number, hidden?: number, time = 10_000): Record<string, number> => {
  const phases = {};
  notePhases(entry, phases, from, hidden, time);
  return phases;
};

test("phases are durations, milestones are moments, and both are missing until they have happened", () => {
  assert.deepEqual(phasesOf(navigation, 0, undefined, 10_000), {
    redirect: 0, dns: 12, connect: 12, tls: 18, request: 210, response: 40, ttfb: 263, dom_interactive: 900, dom_content_loaded: 950, load: 2_100,
  });
  const early = { ...navigation, domContentLoadedEventEnd: 0, loadEventEnd: 0, responseEnd: 0 };
  assert.deepEqual(Object.keys(phasesOf(early, 0, undefined, 10_000)), ["redirect", "dns", "connect", "tls", "request", "ttfb", "dom_interactive"]);
});

test("time to first byte is missing rather than nonsense", () => {
  const ttfb = (responseStart: number, from = 0) => phasesOf({ ...navigation, responseStart }, from, 0, 1_000)["ttfb"];
  assert.equal(ttfb(320), 320);
  assert.equal(ttfb(320, 500), 0);
  for (const nonsense of [0, -5, 2_000]) assert.equal(ttfb(nonsense), undefined);
});

test("milestones of a page that was hidden before them say nothing", () => {
  assert.deepEqual(Object.keys(phasesOf(navigation, 0, 920, 10_000)), ["redirect", "dns", "connect", "tls", "request", "response", "ttfb", "dom_interactive"]);
});

const frame = (startTime: number, blockingDuration: number, scripts: object[] = []) =>
  ({ startTime, duration: blockingDuration + 50, blockingDuration, scripts }) as unknown as Parameters<typeof fileLongFrame>[1];

test("the worst long frames of a view are kept", () => {
  const view = viewWith();
  for (const blocking of [100, 300, 200, 150, 400, 120, 500]) fileLongFrame(view, frame(blocking, blocking));
  assert.deepEqual(view._wire.events.map((event) => event["blocking"]), [300, 200, 150, 400, 500]);
  assert.deepEqual(view._wire.dropped, { long_frame: 2 });
});

test("the script to blame ran longest while it mattered", () => {
  const scripts = [
    { startTime: 0, duration: 500, sourceURL: "https://a.example/before.js?x", invoker: "" },
    { startTime: 520, duration: 80, sourceURL: "", invoker: "BUTTON#buy.onclick" },
    { startTime: 600, duration: 100, sourceURL: "https://a.example/during.js?token=s3cr3t", invoker: "" },
  ];
  assert.equal(longestScript(510, 700, [frame(0, 400, scripts)]), "https://a.example/during.js");
  assert.equal(longestScript(510, 590, [frame(0, 400, scripts)]), "BUTTON#buy.onclick");
  assert.equal(longestScript(800, 900, [frame(0, 400, scripts)]), "");
});
