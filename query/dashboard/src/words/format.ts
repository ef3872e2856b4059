// Numbers as a person reads them. Missing values have no text here: the Missing widget says why there is none.

import { locale } from "./language.ts";
import { core } from "./core.ts";

const formatters = new Map<string, Intl.NumberFormat>();

/** One formatter a language and form: making one is slow. */
function numbers(form: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${form} ${locale()}`;
  let formatter = formatters.get(key);
  if (formatter === undefined) formatters.set(key, (formatter = new Intl.NumberFormat(locale(), options)));
  return formatter;
}

/** A number with exactly so many decimals, or with at most so many. */
export function formatDecimal(value: number, digits: number, atMost = false): string {
  return numbers(`${atMost ? "max" : "fix"}${digits}`, { maximumFractionDigits: digits, minimumFractionDigits: atMost ? 0 : digits }).format(value);
}

export function formatCount(count: number): string {
  return formatDecimal(count, 0);
}

/** For axes: 1200 → "1.2K". */
export function formatCompact(count: number): string {
  return numbers("compact", { notation: "compact", maximumFractionDigits: 1 }).format(count);
}

const rules = new Map<string, Intl.PluralRules>();

/** A count with its noun, in the number that the language asks for. */
export function plural(count: number, one: string, many = `${one}s`): string {
  let rule = rules.get(locale());
  if (rule === undefined) rules.set(locale(), (rule = new Intl.PluralRules(locale())));
  return `${formatCount(count)} ${rule.select(count) === "one" ? one : many}`;
}

/** "1 page view", "4,821 page views". */
export function pageViews(count: number): string {
  return plural(count, ...core().widgets.pageView);
}

/** A wait in ms: "84 ms", "3.1 s", "1 min 5 s". */
export function formatDuration(ms: number): string {
  if (ms < 0.95) return ms === 0 ? "0 ms" : "< 1 ms";
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${formatDecimal(ms / 1000, 1)} s`;
  if (ms < 59_500) return `${Math.round(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A metric's value in its unit; unitless scores such as CLS with two digits, three when they are tiny. */
export function formatValue(value: number, unit: string | undefined): string {
  if (unit === "ms") return formatDuration(value);
  return formatDecimal(value, value !== 0 && value < 0.01 ? 3 : 2);
}

/** A limit as people write it: 2500 ms → "2.5 s", 0.1 → "0.1". */
export function formatLimit(value: number, unit: string | undefined): string {
  if (unit === "ms") return value >= 1000 ? `${formatDecimal(value / 1000, 2, true)} s` : `${formatDecimal(value, 1, true)} ms`;
  return formatDecimal(value, 3, true);
}

/** A ratio as a percentage. Something never rounds to nothing, nor nearly everything to everything. */
export function formatShare(ratio: number): string {
  const percent = ratio * 100;
  const said = (value: number, digits: number): string =>
    numbers(`share${digits}`, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  if (percent > 0 && percent < 0.1) return `< ${said(0.001, 1)}`;
  if (percent < 100 && percent > 99.9) return `> ${said(0.999, 1)}`;
  return said(ratio, (percent > 0 && percent < 1) || (percent > 99 && percent < 100) ? 1 : 0);
}

/** A happiness of 0 to 100. Whole numbers: the interval is never narrower than what a decimal would claim. */
export function formatScore(value: number): string {
  return String(Math.round(value));
}

/** An interval in words, in whole points. */
export function formatInterval(low: number, high: number): string {
  const [from, to] = [Math.round(low), Math.round(high)];
  const words = core().sentences.interval;
  return from === to ? words.one(String(from)) : words.two(String(from), String(to));
}

/** A value in a table of figures, or the dash that stands for a missing one. */
export function orDash<Value>(value: Value | null | undefined, say: (value: Value) => string): string {
  return value == null ? "–" : say(value);
}
