// What the time looked at is compared with, `vs` of the grammar: `prev`, `week`, `year`, `release:R`, `FROM/TO`.

import { fixedRange, isInstant, type Range, spanOf } from "./range.ts";

export type Vs =
  | { readonly kind: "prev" | "week" | "year" }
  | { readonly kind: "release"; readonly release: string }
  | { readonly kind: "span"; readonly from: string; readonly to: string };

export function parseVs(text: string | null): Vs | null {
  if (text === null) return null;
  if (text === "prev" || text === "week" || text === "year") return { kind: text };
  if (text.startsWith("release:") && text.length > 8) return { kind: "release", release: text.slice(8) };
  const [from, to] = text.split("/");
  if (from === undefined || to === undefined || !isInstant(from) || !isInstant(to)) return null;
  return { kind: "span", from, to };
}

export function printVs(vs: Vs): string {
  if (vs.kind === "release") return `release:${vs.release}`;
  return vs.kind === "span" ? `${vs.from}/${vs.to}` : vs.kind;
}

const DAY_MS = 86_400_000;

/** How much earlier the compared time is, in ms; 0 when it is another release in the same time. */
export function offsetMs(vs: Vs, range: Range, now: number): number {
  const { from, to } = spanOf(range, now);
  if (vs.kind === "prev") return to - from;
  if (vs.kind === "week") return 7 * DAY_MS;
  if (vs.kind === "year") return 364 * DAY_MS;
  return vs.kind === "span" ? from - Date.parse(vs.from) : 0;
}

/**
 * The compared time as a range of its own. Its ends are rounded to a hundredth of its length, so that a screen which
 * looks at now does not ask a new question with every second.
 */
export function comparedRange(vs: Vs, range: Range, now: number): Range {
  if (vs.kind === "release") return range;
  if (vs.kind === "span") return { preset: null, from: vs.from, to: vs.to };
  const length = spanOf(range, now).to - spanOf(range, now).from;
  const grain = Math.max(60_000, Math.round(length / 100 / 60_000) * 60_000);
  const steady = Math.ceil(now / grain) * grain;
  const { from, to } = spanOf(range, steady);
  const offset = offsetMs(vs, range, steady);
  return fixedRange(from - offset, to - offset);
}
