// What things are called on the screens: metrics, causes, dimensions, and the values of dimensions.

import type { Cause } from "../api/types.ts";

export const METRIC_NAMES: Readonly<Record<string, { name: string; short: string; unit: string }>> = {
  happiness: { name: "Happiness", short: "Happiness", unit: "score" },
  lcp: { name: "Opening", short: "LCP", unit: "ms" },
  inp: { name: "Reacting", short: "INP", unit: "ms" },
  cls: { name: "Jumping", short: "CLS", unit: "score" },
};

export interface CauseWords {
  /** What happened, as a full clause: "it opened slowly". */
  readonly clause: string;
  /** As the subject of a sentence, with its verb: "slow opening hurts most". */
  readonly hurtsMost: string;
  /** Two words for a table's cell. */
  readonly brief: string;
  readonly meaning: string;
}

export const CAUSE_WORDS: Readonly<Record<Cause, CauseWords>> = {
  slow_open: {
    clause: "It opened slowly",
    hurtsMost: "slow opening hurts most",
    brief: "Slow opening",
    meaning: "The main part of the page took more than 2.5 s to appear.",
  },
  slow_react: {
    clause: "It reacted slowly",
    hurtsMost: "slow reactions hurt most",
    brief: "Slow reactions",
    meaning: "After a click, a tap or a key, nothing was shown for more than 0.2 s.",
  },
  jumped: {
    clause: "It jumped about",
    hurtsMost: "jumping content hurts most",
    brief: "Jumping",
    meaning: "Parts of the page moved while it was being read or used.",
  },
  broke: {
    clause: "Something broke",
    hurtsMost: "errors hurt most",
    brief: "Errors",
    meaning: "The page failed, a script crashed, or clicks did nothing.",
  },
  gave_up: {
    clause: "They gave up waiting",
    hurtsMost: "waiting until people give up hurts most",
    brief: "Gave up",
    meaning: "The visitor left before the page was there; the time waited counts.",
  },
};

const DIMENSION_NAMES: Readonly<Record<string, string>> = {
  page: "Page",
  path: "Exact path",
  country: "Country",
  region: "Region",
  device: "Device",
  os: "Operating system",
  browser: "Browser",
  browser_version: "Browser version",
  connection: "Connection",
  release: "Release",
  nav: "Way of arriving",
  referrer: "Came from",
  lang: "Language",
  bot: "Bot rule",
  cause: "Cause",
};

export function dimensionName(dimension: string): string {
  if (dimension.startsWith("tag:")) return `Tag “${dimension.slice(4)}”`;
  return DIMENSION_NAMES[dimension] ?? dimension;
}

/** The dimensions a filter may be made of, in the order people ask for them. */
export const FILTER_DIMENSIONS: readonly string[] = Object.keys(DIMENSION_NAMES).filter((dimension) => dimension !== "bot");

const NAV_NAMES: Readonly<Record<string, string>> = {
  navigate: "Opened a link",
  reload: "Reloaded",
  back_forward: "Back or forward",
  bfcache: "Back, from memory",
  prerender: "Opened ahead of time",
  restore: "Restored tab",
  soft: "Moved within the app",
};

const regions = typeof Intl.DisplayNames === "function" ? new Intl.DisplayNames("en", { type: "region", fallback: "code" }) : null;

/** A dimension's value as people say it. What nobody knows is said so, and never an empty cell. */
export function valueName(dimension: string, value: string): string {
  if (value === "") return "(not known)";
  if (value === "(other)") return "All others together";
  if (dimension === "country" && /^[A-Z]{2}$/.test(value)) return regions?.of(value) ?? value;
  if (dimension === "cause" && value in CAUSE_WORDS) return CAUSE_WORDS[value as Cause].brief;
  if (dimension === "nav") return NAV_NAMES[value] ?? value;
  if (dimension === "device") return value.charAt(0).toUpperCase() + value.slice(1);
  return value;
}
