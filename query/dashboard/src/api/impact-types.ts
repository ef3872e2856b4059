// What `incidents/{id}/impact` answers: whom a stretch of time hurt.

export interface HurtCount {
  readonly visitors: number;
  readonly sessions: number;
  readonly views: number;
  readonly share: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export interface Segment {
  readonly value: string;
  readonly visitors: number;
  readonly hard: number;
  readonly soft: number;
  readonly views: number;
  readonly failed_views: number;
}

export interface Impact {
  readonly exposed: { readonly views: number; readonly sessions: number; readonly visitors: number };
  readonly hurt: { readonly hard: HurtCount; readonly soft: HurtCount };
  readonly retries: { readonly views: number; readonly amplification: number | null; readonly herd: number | null };
  readonly gave_up: { readonly sessions: number; readonly median_s: number | null };
  readonly journeys: readonly { readonly journey: string; readonly name?: string; readonly excess: number | null; readonly low?: number | null; readonly high?: number | null }[];
  readonly lost: { readonly visitors: number | null; readonly low: number | null; readonly high: number | null };
  readonly money: { readonly currency: string | null; readonly total: number | null };
  readonly by: Readonly<Record<string, readonly Segment[]>>;
  readonly paragraphs: readonly string[];
}
