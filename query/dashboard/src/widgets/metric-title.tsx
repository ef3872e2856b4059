// The name of a Core Web Vital above its card, with its meaning behind it.

import type { Term as TermName } from "../words/glossary.ts";
import { metricName } from "../words/names.ts";
import { Term } from "./term.tsx";

export const VITALS = ["lcp", "inp", "cls"] as const;

export function MetricTitle({ metric }: { metric: TermName & (typeof VITALS)[number] }) {
  return <Term of={metric}>{metricName(metric)} <span class="abbr">{metric.toUpperCase()}</span></Term>;
}
