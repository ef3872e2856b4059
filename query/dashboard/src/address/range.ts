// The time a screen looks at: a preset that ends now (`range=7d`) or fixed ends (`from`, `to`).

export interface Range {
  /** A preset such as `7d`; null when `from` is given. */
  readonly preset: string | null;
  readonly from: string | null;
  /** Null with a `from` means "until now". */
  readonly to: string | null;
}

export const PRESETS: readonly { preset: string; label: string; words: string }[] = [
  { preset: "1h", label: "1 h", words: "the last hour" },
  { preset: "24h", label: "24 h", words: "the last 24 hours" },
  { preset: "7d", label: "7 days", words: "the last 7 days" },
  { preset: "28d", label: "28 days", words: "the last 28 days" },
  { preset: "90d", label: "90 days", words: "the last 90 days" },
];

export const DEFAULT_RANGE: Range = { preset: "7d", from: null, to: null };

export function presetRange(preset: string): Range {
  return { preset, from: null, to: null };
}

/** Whether new views can still fall into it, so that the screen refreshes by itself. */
export function endsNow(range: Range): boolean {
  return range.preset !== null || range.to === null;
}

const UNITS: Record<string, string> = { m: "minute", h: "hour", d: "day", w: "week" };

/** `7d` → "the last 7 days", also for presets that are only in a link. Null when it is no preset. */
export function presetWords(preset: string): string | null {
  const known = PRESETS.find((candidate) => candidate.preset === preset);
  if (known) return known.words;
  const match = /^(\d{1,4})([mhdw])$/.exec(preset);
  const unit = match?.[2] === undefined ? undefined : UNITS[match[2]];
  if (!match || unit === undefined) return null;
  const amount = Number(match[1]);
  return amount === 1 ? `the last ${unit}` : `the last ${amount} ${unit}s`;
}

export function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text));
}
