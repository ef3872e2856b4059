// Scales and ticks: numbers to pixels, and where an axis says something.

import { zoneOffsetMs } from "../words/time.ts";

export type Scale = (value: number) => number;

export function linear(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [d0, d1] = domain;
  const [r0, r1] = range;
  const width = d1 - d0 || 1;
  return (value) => r0 + ((value - d0) / width) * (r1 - r0);
}

/** Round numbers from 0 (or `from`) that reach `to`: steps of 1, 2 or 5 times a power of ten. */
export function niceTicks(from: number, to: number, about: number): number[] {
  if (!(to > from)) return [from];
  const rough = (to - from) / Math.max(1, about);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
  const ticks: number[] = [];
  for (let index = Math.ceil(from / step - 1e-9); index * step <= to + step * 1e-9; index++) ticks.push(Number((index * step).toPrecision(12)));
  return ticks;
}

/** The end of an axis that starts at 0: the next round number at or above the largest value. */
export function niceTop(max: number, about = 4): number {
  if (!(max > 0)) return 1;
  const ticks = niceTicks(0, max, about);
  const step = (ticks[1] ?? max) - (ticks[0] ?? 0) || max;
  return Math.ceil(max / step - 1e-9) * step;
}

/** The happiness axis: up to 100, down to the quarter below the lowest value, so that changes are seen. */
export function happinessDomain(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 100];
  return [Math.min(75, Math.max(0, Math.floor((Math.min(...values) - 2) / 25) * 25)), 100];
}

/** Quarters, which is what the levels are worth; finer where the axis is short. */
export function happinessTicks([from, to]: readonly [number, number]): number[] {
  const step = to - from <= 25 ? 5 : 25;
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const TIME_STEPS: readonly { ms: number; style: "minute" | "hour" | "day" | "month" }[] = [
  { ms: 5 * MINUTE, style: "minute" }, { ms: 10 * MINUTE, style: "minute" }, { ms: 15 * MINUTE, style: "minute" }, { ms: 30 * MINUTE, style: "minute" },
  { ms: HOUR, style: "minute" }, { ms: 3 * HOUR, style: "minute" }, { ms: 6 * HOUR, style: "minute" },
  { ms: DAY, style: "day" }, { ms: 2 * DAY, style: "day" }, { ms: 7 * DAY, style: "day" }, { ms: 14 * DAY, style: "day" }, { ms: 28 * DAY, style: "day" }, { ms: 91 * DAY, style: "month" },
];

export interface TimeTicks {
  readonly style: "minute" | "hour" | "day" | "month";
  readonly at: readonly number[];
}

/** At most `most` ticks on local round times: midnight is midnight where the reader is, on both sides of a clock change. */
export function timeTicks(from: number, to: number, tz: string, most: number): TimeTicks {
  const chosen = TIME_STEPS.find((step) => (to - from) / step.ms <= Math.max(2, most)) ?? TIME_STEPS[TIME_STEPS.length - 1]!;
  const at: number[] = [];
  const offset = zoneOffsetMs(from, tz);
  const first = Math.ceil((from + offset) / chosen.ms) * chosen.ms;
  for (let local = first; local - offset - HOUR < to; local += chosen.ms) {
    // The offset at the tick itself: days before and after a clock change both start at their midnight.
    const instant = local - zoneOffsetMs(local - offset, tz);
    if (instant >= from && instant < to) at.push(instant);
  }
  return { style: chosen.style, at };
}
