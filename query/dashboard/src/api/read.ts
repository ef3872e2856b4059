// Reading rows: the few places where an answer's shape needs a decision, so that widgets need none.

import { LEVELS, type LevelCounts } from "../stats/happiness.ts";
import { CAUSES, type BreakdownRow, type Cause, type MetricRow } from "./types.ts";

export function rowOf<Row extends MetricRow>(rows: readonly Row[] | undefined, metric: string): Row | undefined {
  return rows?.find((row) => row.metric === metric);
}

/** A summary lists the levels, a series or breakdown row has one field a level. */
export function levelsOf(row: MetricRow): LevelCounts {
  const counts = { delighted: 0, annoying: 0, painful: 0, brutal: 0 };
  for (const level of LEVELS) {
    const listed = row.levels?.find((entry) => entry.level === level)?.count;
    counts[level] = listed ?? row[level] ?? 0;
  }
  return counts;
}

/** The causes with their shares of what was not delightful, the largest first; those without a share left out. */
export function causesOf(row: MetricRow): { cause: Cause; share: number }[] {
  return CAUSES.map((cause) => ({ cause, share: row.causes?.[cause] ?? 0 }))
    .filter((entry) => entry.share > 0)
    .sort((a, b) => b.share - a.share);
}

export interface Group {
  readonly name: string;
  readonly views: number;
  readonly rows: Readonly<Record<string, BreakdownRow>>;
}

/** Breakdown rows come flat, one a group and metric: gathers them by group, in the server's order. */
export function groupsOf(rows: readonly BreakdownRow[], dimension: string): Group[] {
  const groups = new Map<string, Record<string, BreakdownRow>>();
  for (const row of rows) {
    const name = String(row[dimension] ?? "");
    const group = groups.get(name) ?? {};
    group[row.metric] = row;
    groups.set(name, group);
  }
  return [...groups].map(([name, byMetric]) => ({ name, rows: byMetric, views: viewsOf(byMetric) }));
}

function viewsOf(byMetric: Readonly<Record<string, BreakdownRow>>): number {
  const rows = Object.values(byMetric);
  const stated = rows.map((row) => row.views).find((views) => typeof views === "number");
  return stated ?? Math.max(0, ...rows.map((row) => row.count));
}
