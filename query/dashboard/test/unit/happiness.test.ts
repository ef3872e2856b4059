import assert from "node:assert/strict";
import { test } from "node:test";
import { causesOf, groupsOf, levelsOf } from "../../src/api/read.ts";
import { confidence, score, worseThanRest } from "../../src/stats/happiness.ts";

const counts = (delighted: number, annoying: number, painful: number, brutal: number) => ({ delighted, annoying, painful, brutal });

test("a score is the share of quarter points, with Wilson's interval", () => {
  const one = score(counts(30211, 9120, 5303, 3576));
  assert.equal(one.count, 48210);
  assert.ok(Math.abs((one.value ?? 0) - (100 * (4 * 30211 + 3 * 9120 + 5303)) / (4 * 48210)) < 1e-9);
  assert.ok((one.low ?? 0) < (one.value ?? 0) && (one.value ?? 0) < (one.high ?? 0));
  const half = score(counts(50, 0, 0, 50));
  assert.ok(Math.abs((half.low ?? 0) - 40.3832) < 1e-3 && Math.abs((half.high ?? 0) - 59.6168) < 1e-3);
});

test("nothing measured is null, never 0", () => {
  assert.deepEqual(score(counts(0, 0, 0, 0)), { count: 0, value: null, low: null, high: null });
});

test("under 30 too few, under 100 small, then a verdict", () => {
  assert.deepEqual([0, 1, 29, 30, 99, 100].map(confidence), ["none", "few", "few", "small", "small", "ok"]);
});

test("the worse release stands out, and only it", () => {
  assert.deepEqual(worseThanRest([counts(800, 150, 40, 10), counts(500, 200, 200, 100), counts(790, 160, 40, 10)]), [false, true, false]);
});

test("chance is not called worse, and neither is a handful", () => {
  assert.deepEqual(worseThanRest([counts(800, 150, 40, 10), counts(790, 155, 45, 10)]), [false, false]);
  assert.deepEqual(worseThanRest([counts(800, 150, 40, 10), counts(0, 0, 0, 60)]), [false, false]);
  assert.deepEqual(worseThanRest([counts(0, 0, 900, 100), counts(60, 0, 0, 0)]), [false, false]);
  assert.deepEqual(worseThanRest([counts(10, 0, 0, 990)]), [false]);
});

test("levels are read from a summary and from a flat row alike", () => {
  assert.deepEqual(levelsOf({ metric: "happiness", count: 3, levels: [{ level: "delighted", count: 2 }, { level: "brutal", count: 1 }] }), counts(2, 0, 0, 1));
  assert.deepEqual(levelsOf({ metric: "happiness", count: 3, delighted: 2, brutal: 1, painful: null }), counts(2, 0, 0, 1));
});

test("causes come largest first, those without a share left out", () => {
  assert.deepEqual(causesOf({ metric: "happiness", count: 9, causes: { slow_open: 0.2, jumped: 0.8, broke: 0, gave_up: null } }).map(({ cause }) => cause), ["jumped", "slow_open"]);
  assert.deepEqual(causesOf({ metric: "happiness", count: 0, causes: null }), []);
});

test("flat rows are gathered by group in the server's order", () => {
  const groups = groupsOf([{ metric: "happiness", count: 5, page: "/b", views: 7 }, { metric: "lcp", count: 4, page: "/b" }, { metric: "happiness", count: 9, page: "/a" }], "page");
  assert.deepEqual(groups.map(({ name, views }) => [name, views]), [["/b", 7], ["/a", 9]]);
  assert.equal(groups[0]?.rows["lcp"]?.count, 4);
});
