// What stands beside a screen's own figures: what happened meanwhile (releases, incidents, notes), and the compared time.

import { offsetMs, comparedRange, printVs } from "../address/compare.ts";
import type { Address, Param } from "../address/address.ts";
import type { Filter } from "../address/filter.ts";
import { serverNow } from "./client.ts";
import { apiPath } from "./paths.ts";
import { partAs, type ScreenData } from "./screen-data.ts";
import type { TimeMark } from "../charts/marks.tsx";
import type { Answer, CompareRow, IncidentRow, NoteRow, Part, ReleaseRow, SeriesRow } from "./types.ts";

/** A question that knows times, but no filters. */
export function timePath(address: Address, call: string): string {
  return apiPath({ ...address, filters: [], who: "humans", tz: null }, call);
}

/** The questions of the marks, for a screen's batch. */
export function markPaths(address: Address): Record<string, string> {
  return { releases: timePath(address, "releases"), incidents: timePath(address, "incidents"), annotations: timePath(address, "annotations") };
}

const rowsOf = <Row>(part: Part<Row[]> | undefined): Row[] => (part?.ok ? part.answer.data : []);

/** What happened; what could not be asked is left out, and never in the way. */
export function marksOf(data: ScreenData): TimeMark[] {
  const end = (to: string | null | undefined): number | null => (to == null ? null : Date.parse(to));
  return [
    ...rowsOf(partAs<IncidentRow[]>(data, "incidents")).map((row): TimeMark => ({ kind: "incident", from: Date.parse(row.from), to: end(row.to) ?? serverNow(), name: row.title })),
    ...rowsOf(partAs<ReleaseRow[]>(data, "releases")).map((row): TimeMark => ({ kind: "release", from: Date.parse(row.at), to: null, name: row.release })),
    ...rowsOf(partAs<NoteRow[]>(data, "annotations")).map((row): TimeMark => ({ kind: "note", from: Date.parse(row.at), to: end(row.to), name: row.text })),
  ];
}

/** The questions of a comparison: the verdicts, and the same series in the compared time. None without a comparison. */
export function comparePaths(address: Address, metrics: string, series: readonly Param[] | null, extra: readonly Filter[] = []): Record<string, string> {
  const { vs } = address;
  if (vs === null) return {};
  const compare = apiPath(address, "compare", [["metrics", metrics], ["vs", printVs(vs)]], extra);
  if (series === null) return { compare };
  const other = vs.kind === "release"
    ? { ...address, filters: [...address.filters.filter(({ dimension }) => dimension !== "release"), { dimension: "release", op: "is", values: [vs.release] } as const] }
    : { ...address, range: comparedRange(vs, address.range, serverNow()) };
  return { compare, beside: apiPath(other, "series", series, extra) };
}

/** The series of the compared time, ready to be drawn beside the other. */
export function besideOf(data: ScreenData, address: Address): { answer: Answer<SeriesRow[]>; offsetMs: number } | undefined {
  const part = partAs<SeriesRow[]>(data, "beside");
  const own = partAs<SeriesRow[]>(data, "series");
  if (address.vs === null || !part?.ok || !own?.ok) return undefined;
  return { answer: part.answer, offsetMs: offsetMs(address.vs, address.range, serverNow()) };
}

export function comparedRow(data: ScreenData, metric: string): CompareRow | undefined {
  return rowsOf(partAs<CompareRow[]>(data, "compare")).find((row) => row.metric === metric);
}
