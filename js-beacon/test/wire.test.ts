import assert from "node:assert/strict";
import { test } from "node:test";
import { REQUEST_BYTES_MAX } from "../src/limits";
import { addEvent } from "../src/views";
import { bodyOf, bytes, groupsOf, shared, stateOf } from "../src/wire";
import { viewWith } from "./view";
import type { Item } from "../src/wire";

const only = (body: string): Record<string, unknown> => {
  const [snapshot, ...others] = JSON.parse(body);
  assert.deepEqual(others, []);
  const { beacon, ...rest } = snapshot;
  assert.deepEqual(Object.keys(beacon), ["from", "cost", "longest", "missed"]);
  return rest;
};

test("a snapshot has INTERFACE's fields, times relative to its view, and nothing that was not measured", () => {
  const view = viewWith({
    _start: 1_000,
    _hidden: 1_500.04,
    _left: 1_600,
    _wire: { route: "/p/:id", metrics: { lcp: 1834.2000000029, cls: 0.0312345, inp: 96 }, events: [{ type: "error", at: 1_203.44, message: "x", stack: "" }] },
  });
  Object.assign(shared, { tags: { plan: "pro" }, release: "411", sample_rate: 1 });
  assert.deepEqual(only(bodyOf([["view-0001", 2, 0, 5_000, stateOf(view)]], 6_000)), {
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
    first_hidden: 500.04,
    left: 600,
    sample_rate: 1,
    metrics: { lcp: 1834.2, cls: 0.0312, inp: 96 },
    attribution: {},
    events: [{ type: "error", at: 203.44, message: "x" }],
    release: "411",
    tags: { plan: "pro" },
    dropped: {},
  });
});

test("the state does not change with time or with sending", () => {
  const view = viewWith({ _wire: { metrics: { lcp: 1 } } });
  const before = stateOf(view);
  view._seq++;
  view._sent = before;
  assert.equal(stateOf(view), before);
});

test("a view that grows too large loses the least first, says so, and never its vitals", () => {
  const view = viewWith({ _wire: { metrics: { lcp: 1, inp: 2, cls: 0.1 }, attribution: { cls: { target: "div", time: 1 } } } });
  const long = "é".repeat(900);
  for (let n = 0; n < 12; n++) {
    addEvent(view, "request", { url: long, status: 500 }, n, 10);
    addEvent(view, "error", { message: long + n, stack: long }, n, 10);
  }
  addEvent(view, "step", { journey: "checkout", step: "pay" }, 1);
  const state = stateOf(view);
  const snapshot = JSON.parse(state);
  assert.ok(bytes(state) < REQUEST_BYTES_MAX);
  assert.deepEqual(snapshot.metrics, { lcp: 1, inp: 2, cls: 0.1 });
  assert.deepEqual(snapshot.events.map(({ type }: { type: string }) => type), ["step"]);
  assert.deepEqual(snapshot.dropped, { request: 12, error: 12, attribution: 1 });
  assert.equal(view._wire.events.length, 21, "the view itself keeps what it had");
});

test("tags go when they are what is too large", () => {
  shared.tags = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`tag-${n}`, "x".repeat(1_000)]));
  const snapshot = JSON.parse(stateOf(viewWith({ _wire: { metrics: { lcp: 1 } } })));
  assert.equal(snapshot.tags, undefined);
  assert.equal(snapshot.dropped.tags, 1);
  assert.equal(snapshot.metrics.lcp, 1);
  shared.tags = {};
});

test("snapshots share a request as long as they fit", () => {
  const item = (text: string): Item => ["view-0001", 0, 0, 0, JSON.stringify({ text })];
  const [small, big] = [item("a"), item("x".repeat(9_000))];
  assert.deepEqual(groupsOf([]), []);
  assert.deepEqual(groupsOf([small]), [[small]]);
  assert.deepEqual(groupsOf([small, small]), [[small, small]]);
  assert.deepEqual(groupsOf([big, big]), [[big], [big]]);
});
