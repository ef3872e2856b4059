// The address bar is the state. This module reads and writes it, in the API's own grammar; it touches no window.
// Path: /sites/{site}/{screen}. Query: range | from, to; tz; who; f (repeated); vs; step; order; and what only a screen
// needs: page (the page looked at), id (the promise, release, incident, journey or session looked at, or the part of the
// settings), metric (the distribution shown), q (text searched).

import { type Filter, parseFilter, printFilter } from "./filter.ts";
import { parseVs, printVs, type Vs } from "./compare.ts";
import { DEFAULT_RANGE, isInstant, isPreset, type Range } from "./range.ts";

/** In the order of the screens' links. */
export const SCREEN_NAMES = ["happiness", "journeys", "pages", "promises", "releases", "incidents", "sessions", "health", "settings"] as const;
export type ScreenName = (typeof SCREEN_NAMES)[number];
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
  /** What it is compared with; null for nothing. */
  readonly vs: Vs | null;
  readonly page: string | null;
  readonly id: string | null;
  readonly metric: string | null;
  readonly order: string | null;
  readonly search: string | null;
}

/** What leaves with the screen: parameters that mean something on one screen only. */
export const FRESH = { page: null, id: null, metric: null, order: null, search: null } as const satisfies Partial<Address>;

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
    screen: SCREEN_NAMES.find((known) => known === screen) ?? "happiness",
    range: parseRange(params),
    tz: params.get("tz"),
    who: who !== null && WHO.includes(who) ? (who as Who) : "humans",
    step: step !== null && STEPS.includes(step) ? (step as Step) : null,
    filters: encodedValues(query, "f").map(parseFilter).filter((filter) => filter !== null),
    vs: parseVs(params.get("vs")),
    page: params.get("page"),
    // `slo` is what links in alerts say.
    id: params.get("id") ?? params.get("slo"),
    metric: params.get("metric"),
    order: params.get("order"),
    search: params.get("q"),
  };
}

export function printAddress(address: Address): string {
  const query = printQuery([
    ...scopeParams(address),
    ["vs", address.vs === null ? null : printVs(address.vs)],
    ["step", address.step],
    ["page", address.page],
    ["id", address.id],
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
  if (preset !== null && isPreset(preset)) return { preset, from: null, to: null };
  const from = params.get("from");
  const to = params.get("to");
  if (from !== null && isInstant(from)) return { preset: null, from, to: to !== null && isInstant(to) ? to : null };
  return DEFAULT_RANGE;
}
