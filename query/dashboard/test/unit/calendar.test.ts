// The days of a month's grid.

import assert from "node:assert/strict";
import { test } from "node:test";
import { firstWeekday, monthsLater, weeksOf } from "../../src/chrome/calendar.tsx";

const day = (date: string): number => Date.parse(`${date}T00:00:00Z`) / 86_400_000;
const date = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);

test("a month is shown in whole weeks from the first weekday on", () => {
  for (const [of, first, begins, ends, weeks] of [
    ["2026-11-22", 1, "2026-10-26", "2026-12-06", 6],
    ["2026-11-01", 7, "2026-11-01", "2026-12-05", 5],
    ["2027-02-15", 1, "2027-02-01", "2027-02-28", 4],
    ["2026-01-31", 6, "2025-12-27", "2026-02-06", 6],
  ] as const) {
    const grid = weeksOf(day(of), first);
    assert.deepEqual([grid.length, date(grid[0]?.[0] ?? 0), date(grid.at(-1)?.[6] ?? 0)], [weeks, begins, ends], `${of} from weekday ${first}`);
  }
});

test("a month later is the same day, or that month's last", () => {
  for (const [from, months, to] of [["2026-01-31", 1, "2026-02-28"], ["2028-01-31", 1, "2028-02-29"], ["2026-03-31", -1, "2026-02-28"], ["2026-12-15", 1, "2027-01-15"], ["2028-02-29", -12, "2027-02-28"]] as const) {
    assert.equal(date(monthsLater(day(from), months)), to, `${from} and ${months}`);
  }
});

test("a week begins as the language has it", () => {
  assert.deepEqual(["en-GB", "de-DE"].map(firstWeekday), [1, 1]);
});
