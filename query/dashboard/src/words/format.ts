// Numbers as a person reads them. Missing values have no text here: the Missing widget says why there is none.

const LOCALE = "en-GB";
const integer = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const compactNumber = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export function formatCount(count: number): string {
  return integer.format(count);
}

/** For axes: 1200 → "1.2K". */
export function formatCompact(count: number): string {
  return compactNumber.format(count);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A wait in ms: "84 ms", "3.1 s", "1 min 5 s". */
export function formatDuration(ms: number): string {
  if (ms < 0.95) return ms === 0 ? "0 ms" : "< 1 ms";
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 59_500) return `${Math.round(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A metric's value in its unit; unitless scores such as CLS with two digits, three when they are tiny. */
export function formatValue(value: number, unit: string | undefined): string {
  if (unit === "ms") return formatDuration(value);
  return value !== 0 && value < 0.01 ? value.toFixed(3) : value.toFixed(2);
}

/** A limit as people write it: 2500 ms → "2.5 s", 0.1 → "0.1". */
export function formatLimit(value: number, unit: string | undefined): string {
  if (unit === "ms") return value >= 1000 ? `${Number((value / 1000).toFixed(2))} s` : `${Number(value.toFixed(1))} ms`;
  return String(Number(value.toFixed(3)));
}

/** A ratio as a percentage. Something never rounds to nothing, nor nearly everything to everything. */
export function formatShare(ratio: number): string {
  const percent = ratio * 100;
  if (percent > 0 && percent < 0.1) return "< 0.1%";
  if (percent < 100 && percent > 99.9) return "> 99.9%";
  if ((percent > 0 && percent < 1) || (percent > 99 && percent < 100)) return `${percent.toFixed(1)}%`;
  return `${Math.round(percent)}%`;
}

/** A happiness of 0 to 100. Whole numbers: the interval is never narrower than what a decimal would claim. */
export function formatScore(value: number): string {
  return String(Math.round(value));
}

/** An interval in words, in whole points. */
export function formatInterval(low: number, high: number): string {
  const [from, to] = [Math.round(low), Math.round(high)];
  return from === to ? `most likely ${from}` : `most likely between ${from} and ${to}`;
}
