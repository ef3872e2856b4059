import assert from "node:assert/strict";
import { test } from "node:test";
import { Shifts } from "../src/cls";
import { Interactions, partsOf } from "../src/inp";
import { fileLongFrame, longestScript } from "../src/long_frames";
import { phasesOf } from "../src/navigation";
import { ttfbOf } from "../src/ttfb";
import { press, viewWith } from "./view";

test("the worst interaction counts, of fifty and more the next one", () => {
  const interactions = new Interactions();
  assert.equal(interactions.inp(0), undefined);
  for (let id = 1; id <= 60; id++) interactions.add(press({ interactionId: id, duration: 16 + id * 8, startTime: id * 100 }));
  assert.equal(interactions.inp(49)?.duration, 16 + 60 * 8);
  assert.equal(interactions.inp(50)?.duration, 16 + 59 * 8);
  assert.equal(interactions.inp(100)?.duration, 16 + 58 * 8);
  assert.equal(interactions.inp(5_000)?.duration, 16 + 51 * 8, "only ten are kept");
});

test("events of one press are one interaction", () => {
  const interactions = new Interactions();
  interactions.add(press({ interactionId: 1, name: "pointerdown", duration: 200 }));
  interactions.add(press({ interactionId: 1, name: "click", duration: 120, startTime: 80 }));
  interactions.add(press({ interactionId: 2, duration: 150 }));
  assert.equal(interactions.inp(2)?.duration, 200);
  assert.equal(interactions.inp(50)?.duration, 150);
});

test("the parts of an interaction add up to it, and its slowest handler names it", () => {
  const interactions = new Interactions();
  interactions.add(press({ interactionId: 1, name: "pointerdown", startTime: 100, duration: 216, processingStart: 104, processingEnd: 105 }));
  interactions.add(press({ interactionId: 1, name: "click", startTime: 110, duration: 208, processingStart: 112, processingEnd: 300 }));
  interactions.add(press({ interactionId: 1, name: "pointerup", startTime: 10, duration: 16, processingStart: 11, processingEnd: 12 }));
  const inp = interactions.inp(1)!;
  const parts = partsOf(inp);
  assert.deepEqual(parts, { event: "click", input_delay: 4, processing: 196, presentation: 16 });
  assert.equal(parts.input_delay + parts.processing + parts.presentation, inp.duration);
});

test("handlers that go on after the paint do not make the parts longer than the whole", () => {
  const interactions = new Interactions();
  interactions.add(press({ interactionId: 1, startTime: 0, duration: 40, processingStart: 5, processingEnd: 5_000 }));
  assert.deepEqual(partsOf(interactions.inp(1)!), { event: "click", input_delay: 5, processing: 35, presentation: 0 });
});

const shift = (startTime: number, value: number) => ({ startTime, value, hadRecentInput: false }) as Parameters<Shifts["add"]>[0];

test("shifts within a second of one another are one burst, of five seconds at most; the worst burst counts", () => {
  const shifts = new Shifts();
  for (const [time, value, cls] of [
    [0, 0.1, 0.1],
    [999, 0.1, 0.2],
    [1_999, 0.05, 0.2],
    [2_500, 0.1, 0.2],
    [3_400, 0.1, 0.25],
    [9_000, 0.01, 0.25],
  ] as const) {
    shifts.add(shift(time, value));
    assert.ok(Math.abs(shifts.cls - cls) < 1e-9, `at ${time}`);
  }
  const long = new Shifts();
  for (let time = 0; time < 10_000; time += 900) long.add(shift(time, 0.1));
  assert.ok(Math.abs(long.cls - 0.6) < 1e-9, "0, 900, … 4,500");
});

test("the largest shift of the worst burst is to blame", () => {
  const shifts = new Shifts();
  assert.equal(shifts.add(shift(0, 0.3))?.startTime, 0);
  assert.equal(shifts.add(shift(5_000, 0.1)), undefined);
  assert.equal(shifts.add(shift(5_100, 0.25))?.startTime, 5_100);
});

test("time to first byte is missing rather than nonsense", () => {
  assert.equal(ttfbOf({ responseStart: 320 }, 1_000), 320);
  assert.equal(ttfbOf({ responseStart: 320, activationStart: 500 }, 1_000), 0);
  assert.equal(ttfbOf({ responseStart: 0 }, 1_000), undefined);
  assert.equal(ttfbOf({ responseStart: -5 }, 1_000), undefined);
  assert.equal(ttfbOf({ responseStart: 2_000 }, 1_000), undefined);
});

const navigation = {
  redirectStart: 0, redirectEnd: 0, fetchStart: 10, domainLookupStart: 10, domainLookupEnd: 22, connectStart: 22, secureConnectionStart: 34,
  connectEnd: 52, requestStart: 53, responseStart: 263, responseEnd: 303, domInteractive: 900, domContentLoadedEventEnd: 950, loadEventEnd: 2_100,
} as unknown as Parameters<typeof phasesOf>[0];

test("phases are durations, milestones are moments, and both are missing until they have happened", () => {
  assert.deepEqual(phasesOf(navigation, Infinity), {
    redirect: 0, dns: 12, connect: 12, tls: 18, request: 210, response: 40, dom_interactive: 900, dom_content_loaded: 950, load: 2_100,
  });
  const early = { ...navigation, domContentLoadedEventEnd: 0, loadEventEnd: 0, responseEnd: 0 };
  assert.deepEqual(Object.keys(phasesOf(early, Infinity)), ["redirect", "dns", "connect", "tls", "request", "dom_interactive"]);
});

test("milestones of a page that was hidden before them say nothing", () => {
  assert.deepEqual(Object.keys(phasesOf(navigation, 920)), ["redirect", "dns", "connect", "tls", "request", "response", "dom_interactive"]);
});

const frame = (startTime: number, blockingDuration: number, scripts: object[] = []) =>
  ({ startTime, duration: blockingDuration + 50, blockingDuration, scripts }) as unknown as Parameters<typeof fileLongFrame>[1];

test("the worst long frames of a view are kept", () => {
  const view = viewWith();
  for (const blocking of [100, 300, 200, 150, 400, 120, 500]) fileLongFrame(view, frame(blocking, blocking));
  assert.deepEqual(view.events.map((event) => event["blocking"]), [300, 200, 150, 400, 500]);
  assert.deepEqual(view.dropped, { long_frame: 2 });
});

test("the script to blame ran longest while it mattered", () => {
  const scripts = [
    { startTime: 0, duration: 500, sourceURL: "https://a.example/before.js?x", invoker: "" },
    { startTime: 520, duration: 80, sourceURL: "", invoker: "BUTTON#buy.onclick" },
    { startTime: 600, duration: 100, sourceURL: "https://a.example/during.js?token=s3cr3t", invoker: "" },
  ];
  assert.equal(longestScript(510, 700, [frame(0, 400, scripts)]), "https://a.example/during.js");
  assert.equal(longestScript(510, 590, [frame(0, 400, scripts)]), "BUTTON#buy.onclick");
  assert.equal(longestScript(800, 900, [frame(0, 400, scripts)]), undefined);
});
