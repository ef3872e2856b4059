// Times as a person reads them, in the time zone of the screen.

import { presetParts, type Range } from "../address/range.ts";
import { core } from "./core.ts";
import { locale } from "./language.ts";
import { formatCount } from "./format.ts";

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
  const key = `${style} ${tz} ${locale()}`;
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat(locale(), { ...STYLES[style], timeZone: knownZone(tz) });
    formatters.set(key, formatter);
  }
  return formatter.format(at).replace(",", "");
}

/** A time as the API tells it, in full. */
export const formatAt = (at: string, tz: string): string => formatTime(Date.parse(at), "full", tz);

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
  return core().chrome.range.fromTo(formatTime(from, "full", tz), formatTime(to, "minute", tz));
}

/** "38 s ago", "4 min ago", "3 h ago", "2 days ago". */
export function formatAgo(ms: number): string {
  const words = core().chrome.freshness;
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 2) return words.justNow;
  if (seconds < 120) return words.seconds(seconds);
  if (ms < 2 * HOUR_MS) return words.minutes(Math.round(ms / MINUTE_MS));
  if (ms < 2 * DAY_MS) return words.hours(Math.round(ms / HOUR_MS));
  return words.days(Math.round(ms / DAY_MS));
}

/** How long ago, as far as data goes: "up to 10:42, 38 s ago". */
export function formatFreshness(freshTo: number, now: number, tz: string): string {
  const style = now - freshTo > 20 * HOUR_MS ? "full" : "minute";
  return core().chrome.freshness.upTo(formatTime(freshTo, style, tz), formatAgo(now - freshTo));
}

/** A preset after "over": "the last 7 days", also for presets that are only in a link. Null when it is none. */
export function presetWords(preset: string): string | null {
  const parts = presetParts(preset);
  const words = parts === null ? undefined : core().chrome.range.last[parts.unit];
  if (parts === null || words === undefined) return null;
  return parts.amount === 1 ? words[0] : words[1](formatCount(parts.amount));
}

/** The range after "over": "the last 7 days", "15 Nov 10:42 to 22 Nov 10:42". */
export function rangeWords(range: Range, tz: string): string {
  const preset = range.preset === null ? null : presetWords(range.preset);
  if (preset !== null) return preset;
  const words = core().chrome.range;
  const from = range.from === null ? "" : formatTime(Date.parse(range.from), "full", tz);
  return words.fromTo(from, range.to === null ? words.now : formatTime(Date.parse(range.to), "full", tz));
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

/** What a datetime-local field shows: the screen's zone, whole minutes. */
export function toLocal(at: number, tz: string): string {
  return new Date(at + zoneOffsetMs(at, tz)).toISOString().slice(0, 16);
}

export function fromLocal(local: string, tz: string): number {
  const asUtc = Date.parse(`${local}:00Z`);
  return asUtc - zoneOffsetMs(asUtc - zoneOffsetMs(asUtc, tz), tz);
}
