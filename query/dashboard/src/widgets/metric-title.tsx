// The name of a Core Web Vital above its card, with its meaning behind it.

import type { Term as TermName } from "../words/glossary.ts";
import { METRIC_NAMES } from "../words/names.ts";
import { Term } from "./term.tsx";

export const VITALS = ["lcp", "inp", "cls"] as const;

export function MetricTitle({ metric }: { metric: TermName & (typeof VITALS)[number] }) {
  const names = METRIC_NAMES[metric];
  return <Term of={metric}>{names?.name} <span class="abbr">{names?.short}</span></Term>;
}
