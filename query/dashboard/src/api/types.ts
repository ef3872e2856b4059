// The shapes the query API answers with, as INTERFACE.md section 3 has them. Everything that may be missing is null.

import type { Level } from "../stats/happiness.ts";

export type Rating = "good" | "fair" | "poor";
export type Cause = "slow_open" | "slow_react" | "jumped" | "broke" | "gave_up";
export const CAUSES: readonly Cause[] = ["slow_open", "slow_react", "jumped", "broke", "gave_up"];

export interface Meta {
  readonly fresh_to?: string | null;
  readonly source?: string;
  readonly views?: number;
  readonly groups?: number;
  readonly warnings?: readonly string[];
}

export interface Answer<Row> {
  readonly query: { readonly from?: string; readonly to?: string; readonly tz?: string; readonly step?: string };
  readonly meta: Meta;
  readonly data: Row;
}

export type CauseShares = Readonly<Partial<Record<Cause, number | null>>>;

/** A value metric or happiness, of a whole set (`summary`), a step of time (`series`) or a group (`breakdown`). */
export interface MetricRow {
  readonly metric: string;
  readonly unit?: string;
  readonly count: number;
  readonly p50?: number | null;
  readonly p75?: number | null;
  readonly p75_low?: number | null;
  readonly p75_high?: number | null;
  readonly p95?: number | null;
  readonly rating?: Rating | null;
  readonly good?: number | null;
  readonly fair?: number | null;
  readonly poor?: number | null;
  readonly limits?: readonly number[] | null;
  readonly value?: number | null;
  readonly low?: number | null;
  readonly high?: number | null;
  readonly unhappiness?: number | null;
  readonly levels?: readonly { readonly level: Level; readonly count: number }[] | null;
  readonly causes?: CauseShares | null;
  readonly delighted?: number | null;
  readonly annoying?: number | null;
  readonly painful?: number | null;
  readonly brutal?: number | null;
}

export interface SeriesRow extends MetricRow {
  readonly time: string;
}

/** The dimensions' own values are further fields, named as the dimension. */
export interface BreakdownRow extends MetricRow {
  readonly share?: number | null;
  readonly views?: number | null;
  readonly [dimension: string]: unknown;
}

export interface BinRow {
  readonly metric?: string;
  readonly from: number;
  readonly to: number | null;
  readonly count: number;
  readonly share: number | null;
  readonly rating?: Rating | null;
}

export interface ValueRow {
  readonly value: string;
  readonly count: number;
}

export interface SiteRow {
  readonly key: string;
  readonly name: string;
}

export interface Health {
  readonly fresh_to: string | null;
  readonly lag_seconds: number | null;
  readonly received: number;
  readonly accepted: number;
  readonly views: number;
  readonly waiting: boolean;
}

/** RFC 9457, with the fields this API adds. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail?: string;
  readonly did_you_mean?: string | readonly string[];
}

export type Part<Row> = { readonly ok: true; readonly answer: Answer<Row> } | { readonly ok: false; readonly problem: Problem };

export type VerdictName = "better" | "worse" | "no_difference" | "too_few";

/** A figure and what it is compared with, of `compare`. With `by=page` it has the page, too. */
export interface CompareRow {
  readonly metric: string;
  readonly unit: string;
  readonly stat: "p75" | "score";
  readonly value: number | null;
  readonly count: number;
  readonly vs_value: number | null;
  readonly vs_count: number;
  readonly difference: number | null;
  readonly difference_low: number | null;
  readonly difference_high: number | null;
  readonly verdict: VerdictName;
  readonly matched: boolean;
  readonly page?: string | null;
  readonly release?: string;
}

export interface ReleaseRow {
  readonly release: string;
  readonly at: string;
  readonly source: "marked" | "seen";
  readonly first_seen: string | null;
  readonly last_seen: string | null;
  readonly views: number;
  readonly happiness: number | null;
  readonly unhappiness: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly note: string | null;
  readonly url: string | null;
}

export interface NoteRow {
  readonly id: string;
  readonly at: string;
  readonly to: string | null;
  readonly text: string;
  readonly author: string;
}

export interface IncidentRow {
  readonly id: string;
  readonly title: string;
  readonly from: string;
  readonly to: string | null;
  readonly open: boolean;
  readonly filters: readonly string[];
  readonly journey: string | null;
  readonly note: string | null;
  readonly source: string;
  readonly author: string;
}
