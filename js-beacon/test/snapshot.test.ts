import assert from "node:assert/strict";
import { test } from "node:test";
import { REQUEST_BYTES_MAX } from "../src/limits";
import { addEvent, bodiesOf, bytes, snapshotOf, stateOf } from "../src/snapshot";
import { shared, viewWith } from "./view";

test("a snapshot has INTERFACE's fields, times relative to its view, and nothing that was not measured", () => {
  const view = viewWith({
    start: 1_000,
    seq: 2,
    route: "/p/:id",
    firstHidden: 1_500.04,
    left: 1_600,
    metrics: { lcp: 1834.2345, cls: 0.0312345, inp: 96 },
    events: [{ type: "error", at: 1_203.44, message: "x", stack: undefined }],
  });
  const snapshot = JSON.parse(snapshotOf(view, stateOf(view, { ...shared, tags: { plan: "pro" }, release: "411" }), 2_000.4));
  assert.deepEqual(snapshot, {
    v: 1,
    view: "view-0001",
    seq: 2,
    attempt: 0,
    age: 1000,
    session: "session-1",
    nav: "navigate",
    url: "https://shop.example/",
    route: "/p/:id",
    hidden_at_start: false,
    first_hidden: 500,
    left: 600,
    sample_rate: 1,
    metrics: { lcp: 1834.2, cls: 0.03123, inp: 96 },
    attribution: {},
    events: [{ type: "error", at: 203.4, message: "x" }],
    client: {},
    release: "411",
    tags: { plan: "pro" },
  });
});

test("the state does not change with time or with sending", () => {
  const view = viewWith({ metrics: { lcp: 1 } });
  const before = stateOf(view, shared);
  view.seq++;
  view.sent = before;
  assert.equal(stateOf(view, shared), before);
});

test("a view that grows too large loses the least first, says so, and never its vitals", () => {
  const view = viewWith({ metrics: { lcp: 1, inp: 2, cls: 0.1 }, attribution: { cls: { target: "div", time: 1 } } });
  const long = "é".repeat(900);
  for (let n = 0; n < 12; n++) {
    addEvent(view, { type: "request", at: n, url: long, status: 500 });
    addEvent(view, { type: "error", at: n, message: long + n, stack: long });
  }
  addEvent(view, { type: "step", at: 1, journey: "checkout", step: "pay" });
  const state = stateOf(view, shared);
  const snapshot = JSON.parse(state);
  assert.ok(bytes(state) < REQUEST_BYTES_MAX);
  assert.deepEqual(snapshot.metrics, { lcp: 1, inp: 2, cls: 0.1 });
  assert.deepEqual(snapshot.events.map(({ type }: { type: string }) => type), ["step"]);
  assert.deepEqual(snapshot.dropped, { request: 12, error: 12, attribution: 1 });
  assert.equal(view.events.length, 21, "the view itself keeps what it had");
});

test("a kind of event is bounded, and what is beyond is counted", () => {
  const view = viewWith();
  for (let n = 0; n < 1_000; n++) addEvent(view, { type: "error", at: n, message: String(n) });
  assert.equal(addEvent(view, { type: "unheard-of", at: 1 }), false);
  assert.equal(view.events.length, 10);
  assert.deepEqual(view.dropped, { error: 990, "unheard-of": 1 });
});

test("snapshots share requests as long as they fit", () => {
  const big = JSON.stringify({ text: "x".repeat(9_000) });
  assert.deepEqual(bodiesOf([]), []);
  assert.deepEqual(bodiesOf(['{"a":1}']), ['{"a":1}']);
  assert.deepEqual(bodiesOf(['{"a":1}', '{"b":2}']), ['[{"a":1},{"b":2}]']);
  assert.deepEqual(bodiesOf([big, big, '{"a":1}']), [big, `[${big},{"a":1}]`]);
});
