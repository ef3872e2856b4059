// What things are called on the screens: metrics, causes, dimensions, and the values of dimensions.

import type { Cause } from "../api/types.ts";
import { core } from "./core.ts";
import { language } from "./language.ts";

export const METRIC_UNITS: Readonly<Record<string, string>> = { happiness: "score", lcp: "ms", inp: "ms", cls: "score", fcp: "ms", ttfb: "ms" };

export function metricName(metric: string): string {
  return core().names.metrics[metric] ?? metric;
}

export function dimensionName(dimension: string): string {
  const { tag, dimensions } = core().names;
  return dimension.startsWith("tag:") ? tag(dimension.slice(4)) : dimensions[dimension] ?? dimension;
}

/** The dimensions a filter may be made of, in the order people ask for them. */
export const FILTER_DIMENSIONS: readonly string[] = [
  "page", "path", "country", "region", "device", "os", "browser", "browser_version", "connection", "release", "nav", "referrer", "lang", "cause",
];

const regions = new Map<string, Intl.DisplayNames>();

function regionName(code: string): string {
  if (typeof Intl.DisplayNames !== "function") return code;
  let names = regions.get(language.value);
  if (names === undefined) regions.set(language.value, (names = new Intl.DisplayNames(language.value, { type: "region", fallback: "code" })));
  return names.of(code) ?? code;
}

/** A dimension's value as people say it. What nobody knows is said so, and never an empty cell. */
export function valueName(dimension: string, value: string): string {
  const { unknown, others, causes, nav, devices } = core().names;
  if (value === "") return unknown;
  if (value === "(other)") return others;
  if (dimension === "country" && /^[A-Z]{2}$/.test(value)) return regionName(value);
  if (dimension === "cause" && value in causes) return causes[value as Cause].brief;
  if (dimension === "nav") return nav[value] ?? value;
  if (dimension === "device") return devices[value] ?? value.charAt(0).toUpperCase() + value.slice(1);
  return value;
}
