import assert from "node:assert/strict";
import { test } from "node:test";
import type { BinRow } from "../../src/api/types.ts";
import { binEnd, binHeight, ratingOf, usualWidth } from "../../src/charts/histogram.tsx";
import { bandPath, linePath, runs } from "../../src/charts/path.ts";
import { happinessDomain, happinessTicks, linear, niceTicks, niceTop, timeTicks } from "../../src/charts/scale.ts";
import { joinedToJudge, stepsOf } from "../../src/charts/steps.ts";

const HOUR = 3_600_000;

test("axes end on round numbers at or above what they show", () => {
  assert.deepEqual(niceTicks(0, 100, 4), [0, 50, 100]);
  assert.deepEqual(niceTicks(0, 0.3, 3), [0, 0.1, 0.2, 0.3]);
  for (const [max, top] of [[1286, 1500], [7, 8], [0.18, 0.2], [0, 1], [100, 100]] as const) assert.equal(niceTop(max), top);
  for (let max = 0.013; max < 1e6; max *= 1.37) assert.ok(niceTop(max) >= max && niceTop(max) <= max * 2.01, String(max));
});

test("a scale of an empty span does not divide by nothing", () => {
  assert.equal(linear([5, 5], [0, 100])(5), 0);
  assert.equal(linear([0, 10], [0, 100])(2.5), 25);
});

test("the happiness axis reaches down to the quarter below the lowest value", () => {
  assert.deepEqual(happinessDomain([78, 90]), [75, 100]);
  assert.deepEqual(happinessDomain([76, 90]), [50, 100]);
  assert.deepEqual(happinessDomain([0]), [0, 100]);
  assert.deepEqual(happinessDomain([99]), [75, 100]);
  assert.deepEqual(happinessDomain([]), [0, 100]);
  assert.deepEqual(happinessTicks([50, 100]), [50, 75, 100]);
  assert.deepEqual(happinessTicks([75, 100]), [75, 80, 85, 90, 95, 100]);
});

test("a gap stays a gap", () => {
  assert.deepEqual(runs([1, 2, null, 3, null, null, 4], (value) => value !== null), [[1, 2], [3], [4]]);
  assert.deepEqual(runs([null], (value) => value !== null), []);
  assert.equal(linePath([{ x: 0, y: 1 }, { x: 2.04, y: 3 }]), "M0 1L2 3");
  assert.equal(bandPath([{ x: 0, y: 1 }, { x: 2, y: 1 }], [{ x: 0, y: 5 }, { x: 2, y: 5 }]), "M0 1L2 1L2 5L0 5Z");
  assert.equal(bandPath([], []), "");
});

test("days on the axis begin at the reader's midnight on both sides of a clock change", () => {
  const ticks = timeTicks(Date.parse("2026-10-23T10:00:00Z"), Date.parse("2026-10-28T10:00:00Z"), "Europe/Berlin", 6);
  assert.equal(ticks.style, "day");
  assert.deepEqual(ticks.at.map((at) => new Date(at).toISOString().slice(5, 16)), ["10-23T22:00", "10-24T22:00", "10-25T23:00", "10-26T23:00", "10-27T23:00"]);
});

test("there are never more time ticks than fit", () => {
  for (const days of [1 / 24, 0.5, 1, 3, 7, 28, 90, 365]) {
    for (const most of [3, 5, 9]) {
      const from = Date.parse("2026-01-10T07:13:00Z");
      const { at } = timeTicks(from, from + days * 24 * HOUR, "America/New_York", most);
      assert.ok(at.length <= most + 1, `${days} days, ${most}: ${at.length}`);
      assert.ok(at.length >= 1);
    }
  }
});

test("a step ends where the next begins, the last where the question ends", () => {
  const steps = stepsOf([{ time: "2026-11-01T00:00:00Z" }, { time: "2026-11-01T01:00:00Z" }], "2026-11-01T01:30:00Z");
  assert.deepEqual(steps.map((step) => step.to - step.from), [HOUR, HOUR / 2]);
  assert.deepEqual(stepsOf([], undefined), []);
});

const hours = (counts: readonly number[]) =>
  counts.map((count, index) => {
    const from = Date.parse("2026-11-16T00:00:00Z") + index * HOUR;
    return { from, to: from + HOUR, levels: { delighted: count, annoying: 0, painful: 0, brutal: 0 } };
  });

test("steps with too few views are joined until they can be judged, losing none", () => {
  const steps = hours(Array.from({ length: 168 }, () => 12));
  const joined = joinedToJudge(steps, "UTC");
  assert.equal(joined.length, 56);
  assert.equal(joined.reduce((sum, step) => sum + step.levels.delighted, 0), 168 * 12);
  assert.equal((joined[1]?.from ?? 0) - (joined[0]?.from ?? 0), 3 * HOUR);
  assert.equal(joinedToJudge(steps, "Europe/Berlin")[1]?.from, Date.parse("2026-11-16T02:00:00Z"));
});

test("steps that can be judged, or never could, stay as they are", () => {
  const busy = hours(Array.from({ length: 48 }, () => 40));
  assert.equal(joinedToJudge(busy, "UTC"), busy);
  const idle = hours(Array.from({ length: 168 }, (_, index) => (index % 40 === 0 ? 1 : 0)));
  assert.equal(joinedToJudge(idle, "UTC"), idle);
  assert.deepEqual(joinedToJudge([], "UTC"), []);
});

const bin = (from: number, to: number | null): BinRow => ({ from, to, count: 1, share: 0.1 });

test("a bin that a limit cut in two keeps its area; the open one is a step wide", () => {
  const bins = [bin(0, 400), bin(400, 800), bin(800, 1000), bin(1000, 1200), bin(1200, 1600), bin(1600, null)];
  assert.equal(usualWidth(bins), 400);
  assert.deepEqual(bins.map((one) => binHeight(one, 400)), [0.1, 0.1, 0.2, 0.2, 0.1, 0.1]);
  assert.equal(binEnd(bin(1600, null), 400), 2000);
  assert.equal(usualWidth([]), 1);
});

test("a limit belongs to the better side", () => {
  assert.deepEqual([bin(0, 2500), bin(2500, 4000), bin(4000, null)].map((one) => ratingOf(one, [2500, 4000])), ["good", "fair", "poor"]);
  assert.equal(ratingOf(bin(0, 1), []), null);
});
