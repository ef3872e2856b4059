// The address bar is the state. This module reads and writes it, in the API's own grammar; it touches no window.
// Path: /{site}/{screen}. Query: range | from, to; tz; who; f (repeated); step; order; and what only a screen needs:
// page (the page looked at), metric (the distribution shown), q (text searched among pages).

import { type Filter, parseFilter, printFilter } from "./filter.ts";
import { DEFAULT_RANGE, isInstant, presetWords, type Range } from "./range.ts";

export type ScreenName = "happiness" | "pages";
export type Step = "1m" | "5m" | "1h" | "1d";
export type Who = "humans" | "bots" | "all";

export interface Address {
  /** Null until the list of sites is known. */
  readonly site: string | null;
  readonly screen: ScreenName;
  readonly range: Range;
  /** Only when the link names one: else the browser's own. */
  readonly tz: string | null;
  readonly who: Who;
  /** How fine the time charts are; null lets the server choose. */
  readonly step: Step | null;
  readonly filters: readonly Filter[];
  readonly page: string | null;
  readonly metric: string | null;
  readonly order: string | null;
  readonly search: string | null;
}

export const SCREENS: readonly { name: ScreenName; label: string; question: string }[] = [
  { name: "happiness", label: "Happiness", question: "How happy are our visitors?" },
  { name: "pages", label: "Pages", question: "Which pages hurt?" },
];

const STEPS: readonly string[] = ["1m", "5m", "1h", "1d"];
const WHO: readonly string[] = ["humans", "bots", "all"];

/** What every address begins with: a site may have any key, and must not hide a path that the server uses for something else. */
const ROOT = "sites";

export function parseAddress(path: string, query: string): Address {
  const [root, site, screen] = path.split("/").filter(Boolean).map(decodePart);
  const params = new URLSearchParams(query);
  const who = params.get("who");
  const step = params.get("step");
  return {
    site: root === ROOT && site !== undefined ? site : null,
    screen: SCREENS.some((known) => known.name === screen) ? (screen as ScreenName) : "happiness",
    range: parseRange(params),
    tz: params.get("tz"),
    who: who !== null && WHO.includes(who) ? (who as Who) : "humans",
    step: step !== null && STEPS.includes(step) ? (step as Step) : null,
    filters: encodedValues(query, "f").map(parseFilter).filter((filter) => filter !== null),
    page: params.get("page"),
    metric: params.get("metric"),
    order: params.get("order"),
    search: params.get("q"),
  };
}

export function printAddress(address: Address): string {
  const query = printQuery([
    ...scopeParams(address),
    ["step", address.step],
    ["page", address.page],
    ["metric", address.metric],
    ["order", address.order],
    ["q", address.search],
  ]);
  const site = address.site === null ? "" : `/${ROOT}/${encodeURIComponent(address.site)}/${address.screen}`;
  return `${site || "/"}${query === "" ? "" : `?${query}`}`;
}

export type Param = readonly [name: string, value: string | null];

/** What narrows a question: the parameters that the address bar and every API call share. */
export function scopeParams(address: Address): Param[] {
  const { preset, from, to } = address.range;
  return [
    ["range", preset],
    ["from", from],
    ["to", to],
    ["tz", address.tz],
    ["who", address.who === "humans" ? null : address.who],
    ...address.filters.map((filter): Param => ["f", printFilter(filter)]),
  ];
}

/** Escapes only what a query string must: links stay legible, `f=device:is:mobile&f=page:glob:/checkout/*`. */
export function printQuery(params: readonly Param[]): string {
  return params
    .filter((param): param is readonly [string, string] => param[1] !== null && param[1] !== "")
    // A filter comes encoded: only its own values may be, not its separators.
    .map(([name, value]) => `${name}=${name === "f" ? value : encodeLegibly(value)}`)
    .join("&");
}

function encodeLegibly(value: string): string {
  return encodeURIComponent(value).replace(/%(3A|2F|2C|40|24)/g, (escaped) => decodeURIComponent(escaped));
}

/** The values of a parameter as they stand in the query string. */
function encodedValues(query: string, name: string): string[] {
  const pairs = query.replace(/^\?/, "").split("&");
  return pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function parseRange(params: URLSearchParams): Range {
  const preset = params.get("range");
  if (preset !== null && presetWords(preset) !== null) return { preset, from: null, to: null };
  const from = params.get("from");
  const to = params.get("to");
  if (from !== null && isInstant(from)) return { preset: null, from, to: to !== null && isInstant(to) ? to : null };
  return DEFAULT_RANGE;
}
