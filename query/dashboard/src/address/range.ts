// The time a screen looks at: a preset that ends now (`range=7d`) or fixed ends (`from`, `to`).

export interface Range {
  /** A preset such as `7d`; null when `from` is given. */
  readonly preset: string | null;
  readonly from: string | null;
  /** Null with a `from` means "until now". */
  readonly to: string | null;
}

/** Those that are offered; any other number of minutes, hours, days or weeks works in a link. */
export const PRESETS: readonly string[] = ["1h", "24h", "7d", "28d", "90d"];

export const DEFAULT_RANGE: Range = { preset: "7d", from: null, to: null };

export function presetRange(preset: string): Range {
  return { preset, from: null, to: null };
}

/** Whether new views can still fall into it, so that the screen refreshes by itself. */
export function endsNow(range: Range): boolean {
  return range.preset !== null || range.to === null;
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** `7d` → 7 and "d". Null when it is no preset. */
export function presetParts(preset: string): { amount: number; unit: string } | null {
  const match = /^(\d{1,4})([mhdw])$/.exec(preset);
  return match?.[2] === undefined ? null : { amount: Number(match[1]), unit: match[2] };
}

export function isPreset(preset: string): boolean {
  return presetParts(preset) !== null;
}

/** The span in Unix ms as it is at a given now. */
export function spanOf(range: Range, now: number): { from: number; to: number } {
  const parts = range.preset === null ? null : presetParts(range.preset);
  if (parts !== null) return { from: now - parts.amount * (UNIT_MS[parts.unit] ?? 0), to: now };
  return { from: Date.parse(range.from ?? ""), to: range.to === null ? now : Date.parse(range.to) };
}

/** A fixed range in the grammar's own form, whole seconds. */
export function fixedRange(from: number, to: number): Range {
  const instant = (at: number): string => new Date(Math.round(at / 1000) * 1000).toISOString().replace(".000Z", "Z");
  return { preset: null, from: instant(from), to: instant(to) };
}

/** The same length once earlier or later; never into the future. Null when it already ends now. */
export function stepped(range: Range, direction: -1 | 1, now: number): Range | null {
  const { from, to } = spanOf(range, now);
  const length = to - from;
  if (direction < 0) return fixedRange(from - length, from);
  if (endsNow(range) || to >= now) return null;
  return to + length <= now ? fixedRange(to, to + length) : fixedRange(now - length, now);
}

export function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text));
}
