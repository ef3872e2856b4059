// How a comparison is said: "vs the time before", "better", "too few to compare".

import type { Vs } from "../address/compare.ts";
import { core } from "./core.ts";
import { rangeWords } from "./time.ts";

export function vsWords(vs: Vs, tz: string): string {
  const words = core().chrome.compare;
  if (vs.kind === "release") return words.shortRelease(vs.release);
  return vs.kind === "span" ? words.shortSpan(rangeWords({ preset: null, from: vs.from, to: vs.to }, tz)) : words.short[vs.kind];
}
