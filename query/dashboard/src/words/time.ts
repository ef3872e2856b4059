// Times as a person reads them, in the time zone of the screen.

import { presetWords, type Range } from "../address/range.ts";

type Style = "minute" | "hour" | "day" | "month" | "full";

const STYLES: Record<Style, Intl.DateTimeFormatOptions> = {
  minute: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  hour: { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { day: "numeric", month: "short" },
  month: { month: "short", year: "numeric" },
  full: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
};

const formatters = new Map<string, Intl.DateTimeFormat>();

export function formatTime(at: number, style: Style, tz: string): string {
  const key = `${style} ${tz}`;
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat("en-GB", { ...STYLES[style], timeZone: knownZone(tz) });
    formatters.set(key, formatter);
  }
  return formatter.format(at).replace(",", "");
}

/** A link may name a zone this browser does not know: UTC is then honest and still draws. */
function knownZone(tz: string): string {
  try {
    new Intl.DateTimeFormat("en", { timeZone: tz });
    return tz;
  } catch {
    return "UTC";
  }
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** One step of a chart: "10:40 to 10:45", "Tue 18 Nov 10:00 to 11:00", "Tue 18 Nov". */
export function formatStep(from: number, to: number, tz: string): string {
  const day = formatTime(from, "full", tz).replace(/ \d\d:\d\d$/, "");
  if (to - from >= 23 * HOUR_MS) return day;
  // A day that is not over yet.
  if (to - from > 6 * HOUR_MS) return `${day} until ${formatTime(to, "minute", tz)}`;
  return `${formatTime(from, "full", tz)} to ${formatTime(to, "minute", tz)}`;
}

/** "38 s ago", "4 min ago", "3 h ago", "2 days ago". */
export function formatAgo(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 2) return "just now";
  if (seconds < 120) return `${seconds} s ago`;
  if (ms < 2 * HOUR_MS) return `${Math.round(ms / MINUTE_MS)} min ago`;
  if (ms < 2 * DAY_MS) return `${Math.round(ms / HOUR_MS)} h ago`;
  return `${Math.round(ms / DAY_MS)} days ago`;
}

/** How long ago, as far as data goes: "up to 10:42, 38 s ago". */
export function formatFreshness(freshTo: number, now: number, tz: string): string {
  const style = now - freshTo > 20 * HOUR_MS ? "full" : "minute";
  return `up to ${formatTime(freshTo, style, tz)}, ${formatAgo(now - freshTo)}`;
}

/** The range after "over": "the last 7 days", "15 Nov 10:42 to 22 Nov 10:42". */
export function rangeWords(range: Range, tz: string): string {
  const preset = range.preset === null ? null : presetWords(range.preset);
  if (preset !== null) return preset;
  const from = range.from === null ? "" : formatTime(Date.parse(range.from), "full", tz);
  return `${from} to ${range.to === null ? "now" : formatTime(Date.parse(range.to), "full", tz)}`;
}

/** Local time minus UTC at an instant, in ms. */
export function zoneOffsetMs(at: number, tz: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: knownZone(tz), hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
    hour: "numeric", minute: "numeric", second: "numeric",
  }).formatToParts(at);
  const field = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  const local = Date.UTC(field("year"), field("month") - 1, field("day"), field("hour"), field("minute"), field("second"));
  return local - Math.floor(at / 1000) * 1000;
}
