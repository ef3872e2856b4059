// What the calls about promises (SLOs) and their alerts answer.

export type SloStatus = "no_data" | "ok" | "at_risk" | "exhausted" | "breached";
export const SLO_STATUSES: readonly SloStatus[] = ["breached", "exhausted", "at_risk", "ok", "no_data"];

export interface Budget {
  readonly remaining: number | null;
  readonly consumed: number | null;
  readonly allowed_bad: number;
  readonly bad: number;
  readonly exhausts_at: string | null;
}

export interface Rule {
  readonly rule: string;
  readonly severity: string;
  readonly state: "inactive" | "pending" | "firing";
  readonly since: string | null;
  readonly reachable: boolean;
  readonly factor: number;
  readonly long_min: number;
  readonly short_min: number;
}

export interface Slo {
  readonly id: string;
  readonly promise: string;
  readonly objective: number;
  readonly sli: number | null;
  readonly good: number;
  readonly valid: number;
  readonly status: SloStatus;
  readonly budget: Budget;
  readonly burn: Readonly<Record<string, number | null>>;
  readonly coverage: number | null;
  readonly alerts: readonly Rule[];
  readonly window: { readonly from: string; readonly to: string };
  readonly warnings: readonly string[];
}

export interface BudgetPoint {
  readonly time: string;
  readonly good: number;
  readonly valid: number;
  readonly remaining: number | null;
}

export interface Spender {
  readonly dimension: string;
  readonly value: string;
  readonly valid: number;
  readonly bad: number;
  readonly share_of_bad: number | null;
  readonly share_of_budget: number | null;
  readonly lift: number | null;
}

export interface Alert {
  readonly id: string;
  readonly slo: string;
  readonly promise: string;
  readonly rule: string;
  readonly severity: string;
  readonly state: "pending" | "firing" | "resolved";
  readonly since: string;
  readonly resolved_at: string | null;
  readonly words: string;
  readonly page: string | null;
  readonly silenced_until: string | null;
  readonly acknowledged_by: string | null;
}
