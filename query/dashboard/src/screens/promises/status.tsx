// How a promise stands, in words and with a shape: never by colour alone.

import type { Slo, SloStatus } from "../../api/promise-types.ts";
import { formatShare } from "../../words/format.ts";
import { promiseWords } from "../../words/promises.ts";
import { formatAt } from "../../words/time.ts";
import { Shape } from "../../widgets/shape.tsx";

const SHAPES: Readonly<Record<SloStatus, "good" | "fair" | "poor" | "none">> = { ok: "good", at_risk: "fair", exhausted: "poor", breached: "poor", no_data: "none" };

export function StatusBadge({ status }: { status: SloStatus }) {
  const shape = SHAPES[status];
  return (
    <span class={`badge ${shape}`}>
      <Shape of={shape} />
      {promiseWords().statuses[status].word}
    </span>
  );
}

/** What is left of the budget, or by how much it is overspent. */
export function leftWords(remaining: number): string {
  const words = promiseWords();
  return remaining < 0 ? words.overspent(formatShare(-remaining)) : words.left(formatShare(remaining));
}

/** What is left, and how long it lasts. */
export function paceWords({ budget }: Slo, tz: string): string {
  const words = promiseWords();
  if (budget.remaining === null) return words.statuses.no_data.word;
  const left = leftWords(budget.remaining);
  if (budget.remaining <= 0) return left;
  return `${left}; ${budget.exhausts_at === null ? words.lasts : words.spentOn(formatAt(budget.exhausts_at, tz))}`;
}
