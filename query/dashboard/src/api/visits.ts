// The shapes of what the API tells about visits: journeys, sessions, what visitors said. Everything that may be missing is null.

import type { Level } from "../stats/happiness.ts";
import type { Cause } from "./types.ts";

export interface JourneyRow {
  readonly id: string;
  readonly name: string;
  readonly defined: boolean;
  readonly started: number;
  readonly completed: number;
  readonly completion: number | null;
  readonly abandoned: number;
  readonly failed: number;
  readonly happiness: number | null;
  readonly judged?: number;
  readonly median_s: number | null;
  readonly p75_s: number | null;
  readonly within_s?: number | null;
  readonly in_time_share?: number | null;
  readonly lost_amount: number | null;
  readonly currency: string | null;
}

export interface FunnelRow {
  readonly step: string;
  readonly index: number;
  readonly entered: number;
  readonly continued: number;
  readonly left: number;
  readonly drop_off: number | null;
  readonly of_start: number | null;
  readonly median_s: number | null;
  readonly happiness: number | null;
  readonly judged?: number;
  readonly failed_views: number;
}

/** Visits by how long they waited for the page on which they began; `to_s` is null for the last span. */
export interface SpeedRow {
  readonly from_s: number;
  readonly to_s: number | null;
  readonly level: Level;
  readonly started: number;
  readonly completed: number;
  readonly completion: number | null;
  readonly completion_matched: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export interface SessionRow {
  readonly session: string;
  /** Of this visit; a session of several visits has several. */
  readonly id?: string;
  readonly started_at: string;
  readonly duration_ms: number;
  readonly views: number;
  readonly entry_page: string;
  readonly exit_page: string;
  readonly country: string | null;
  readonly device: string | null;
  readonly os: string | null;
  readonly browser: string | null;
  readonly release: string | null;
  /** Of 8; null when nothing of it could be judged. */
  readonly points: number | null;
  readonly worst_level: Level | null;
  readonly last_level: Level | null;
  readonly cause: Cause | null;
  readonly failed_views: number;
  readonly errors: number;
  readonly rage_clicks: number;
  readonly has_feedback: boolean;
}

/** A line of a visit's story. What else it has depends on its type. */
export interface TimelineRow {
  readonly at: string;
  readonly type: "view" | "error" | "timing" | "step" | "request" | "rage_click" | "dead_click" | "long_frame" | "feedback";
  readonly page: string;
  readonly view: string;
  readonly level: Level | null;
  readonly cause: Cause | null;
  readonly lcp?: number | null;
  readonly inp?: number | null;
  readonly cls?: number | null;
  readonly failed?: boolean | null;
  readonly left_ms?: number | null;
  readonly message?: string | null;
  readonly source?: string | null;
  readonly name?: string | null;
  readonly value?: number | null;
  readonly journey?: string | null;
  readonly step?: string | null;
  readonly amount?: number | null;
  readonly currency?: string | null;
  readonly url?: string | null;
  readonly status?: number | null;
  readonly duration?: number | null;
  readonly target?: string | null;
  readonly script?: string | null;
  readonly score?: number | null;
  readonly of?: number | null;
  readonly text?: string | null;
}

export interface Visit extends SessionRow {
  readonly timeline: readonly TimelineRow[];
  /** All visits of the session, this one among them. */
  readonly visits?: readonly { readonly id: string; readonly started_at: string; readonly views: number }[];
}

export interface FeedbackRow {
  readonly at: string;
  readonly score: number | null;
  readonly of: number | null;
  readonly text: string | null;
  readonly page: string;
  readonly session: string;
  readonly visit?: string | null;
  readonly level: Level | null;
  readonly cause: Cause | null;
}
