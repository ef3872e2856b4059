// Happiness of any set of page views from its four level counts, as DESIGN.md section 5 defines it.
// The server answers scores ready-made; this is for sets the screen itself makes: "all other releases".

export type Level = "delighted" | "annoying" | "painful" | "brutal";
export const LEVELS: readonly Level[] = ["delighted", "annoying", "painful", "brutal"];
export type LevelCounts = Readonly<Record<Level, number>>;

const QUARTER_POINTS: LevelCounts = { delighted: 4, annoying: 3, painful: 1, brutal: 0 };
/** The 97.5 % quantile of the standard normal distribution, for an interval of 95 %. */
const Z = 1.959963984540054;

export interface Score {
  readonly count: number;
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** Wilson's interval with fractional successes: conservative for a share of points between 0 and 1. */
export function score(counts: LevelCounts): Score {
  const count = LEVELS.reduce((sum, level) => sum + counts[level], 0);
  if (count <= 0) return { count: 0, value: null, low: null, high: null };
  const points = LEVELS.reduce((sum, level) => sum + counts[level] * QUARTER_POINTS[level], 0);
  const mean = points / (4 * count);
  const z2 = Z * Z;
  const centre = (mean + z2 / (2 * count)) / (1 + z2 / count);
  const half = (Z / (1 + z2 / count)) * Math.sqrt((mean * (1 - mean)) / count + z2 / (4 * count * count));
  return {
    count,
    value: 100 * mean,
    low: 100 * Math.max(0, centre - half),
    high: 100 * Math.min(1, centre + half),
  };
}

export function sumLevels(sets: readonly LevelCounts[]): LevelCounts {
  const sum = { delighted: 0, annoying: 0, painful: 0, brutal: 0 };
  for (const set of sets) for (const level of LEVELS) sum[level] += set[level];
  return sum;
}

/** No verdict in colour below this many page views. */
export const VERDICT_COUNT_MIN = 100;
/** Below this many there is nothing to say yet. */
export const JUDGE_COUNT_MIN = 30;
export type Confidence = "none" | "few" | "small" | "ok";

export function confidence(count: number): Confidence {
  if (count <= 0) return "none";
  if (count < JUDGE_COUNT_MIN) return "few";
  return count < VERDICT_COUNT_MIN ? "small" : "ok";
}

/**
 * Which sets of a table are worse than all its others together: their whole interval lies below the others'.
 * Intervals that do not touch are a stricter test than a difference at 95 %, so chance is seldom called worse.
 * A set that holds nearly everything is never called so by a handful of others: both sides need VERDICT_COUNT_MIN.
 */
export function worseThanRest(sets: readonly LevelCounts[]): boolean[] {
  const total = sumLevels(sets);
  return sets.map((set) => {
    const rest = {
      delighted: total.delighted - set.delighted,
      annoying: total.annoying - set.annoying,
      painful: total.painful - set.painful,
      brutal: total.brutal - set.brutal,
    };
    const own = score(set);
    const others = score(rest);
    if (own.count < VERDICT_COUNT_MIN || others.count < VERDICT_COUNT_MIN) return false;
    return own.high !== null && others.low !== null && own.high < others.low;
  });
}
