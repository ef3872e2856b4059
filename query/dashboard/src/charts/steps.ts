// The steps of a time chart: where each begins and ends, and joining them where each has too few views to be judged.

import { JUDGE_COUNT_MIN, LEVELS, type LevelCounts, sumLevels } from "../stats/happiness.ts";
import { zoneOffsetMs } from "../words/time.ts";

/** Steps run from their time to the next one's; the last ends where the question did. */
export function stepsOf<Row extends { readonly time: string }>(rows: readonly Row[], to: string | undefined): (Row & { from: number; to: number })[] {
  const starts = rows.map((row) => Date.parse(row.time));
  const usual = starts.length > 1 ? (starts[1] ?? 0) - (starts[0] ?? 0) : 60_000;
  const asked = to === undefined ? Number.NaN : Date.parse(to);
  return rows.map((row, index) => {
    const from = starts[index] ?? 0;
    const full = from + usual;
    return { ...row, from, to: starts[index + 1] ?? (asked > from && asked < full ? asked : full) };
  });
}

export interface CountedStep {
  readonly from: number;
  readonly to: number;
  readonly levels: LevelCounts;
}

const HOUR_MS = 3_600_000;
const JOINED_MS: readonly number[] = [300_000, 900_000, HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS];
/** A chart of fewer points shows no course. */
const POINTS_MIN = 7;

export function countOf(levels: LevelCounts): number {
  return LEVELS.reduce((sum, level) => sum + levels[level], 0);
}

/**
 * Joins steps until most of those with views can be judged. Happiness comes from counts alone, so joining is exact,
 * unlike averaging. Where even that would not help, the steps stay as they are.
 */
export function joinedToJudge(steps: readonly CountedStep[], tz: string): readonly CountedStep[] {
  const first = steps[0];
  if (first === undefined || canBeJudged(steps)) return steps;
  for (const size of JOINED_MS.filter((ms) => ms > first.to - first.from)) {
    const joined = join(steps, size, tz);
    if (joined.length < POINTS_MIN) break;
    if (canBeJudged(joined)) return joined;
  }
  return steps;
}

function canBeJudged(steps: readonly CountedStep[]): boolean {
  const counts = steps.map((step) => countOf(step.levels)).filter((count) => count > 0);
  return counts.filter((count) => count >= JUDGE_COUNT_MIN).length * 4 >= counts.length * 3;
}

function join(steps: readonly CountedStep[], size: number, tz: string): CountedStep[] {
  const groups = new Map<number, CountedStep[]>();
  for (const step of steps) {
    // By local time, so that days and quarters of days begin where the reader's do.
    const key = Math.floor((step.from + zoneOffsetMs(step.from, tz)) / size);
    groups.set(key, [...(groups.get(key) ?? []), step]);
  }
  return [...groups.values()].map((group) => ({
    from: Math.min(...group.map((step) => step.from)),
    to: Math.max(...group.map((step) => step.to)),
    levels: sumLevels(group.map((step) => step.levels)),
  }));
}
