// A journey step by step. Each bar is as long as the part of all visits that got there; its end is those who left.

import type { FunnelRow } from "../api/visits.ts";
import { ShareBar } from "../charts/share-bar.tsx";
import { confidence } from "../stats/happiness.ts";
import { formatCount, formatDuration, formatScore, formatShare } from "../words/format.ts";
import { journeyWords } from "../words/journeys.ts";
import { Figure } from "./figure.tsx";

/** Where most visits leave; null when nobody does. */
export function worstStep(rows: readonly FunnelRow[]): FunnelRow | null {
  const worst = rows.reduce<FunnelRow | null>((most, row) => (row.left > (most?.left ?? 0) ? row : most), null);
  return worst;
}

export function Funnel({ rows }: { rows: readonly FunnelRow[] }) {
  const words = journeyWords();
  const started = rows[0]?.entered ?? 0;
  const trust = confidence(started);
  const worst = trust === "ok" ? worstStep(rows) : null;
  const summary = words.funnelSummary(formatCount(started), formatCount(rows[rows.length - 1]?.continued ?? 0), worstStep(rows)?.step ?? "–", formatCount(worstStep(rows)?.left ?? 0));
  const share = (value: number | null): string => (value === null ? "–" : formatShare(value));
  return (
    <Figure
      summary={trust === "few" ? words.tooFew : summary}
      columns={[words.step, words.entered, words.ofStart, words.leftHere, words.time, words.happiness, words.failedViews]}
      rows={() => rows.map((row) => [
        row.step, formatCount(row.entered), share(row.of_start), `${formatCount(row.left)} (${share(row.drop_off)})`,
        row.median_s === null ? "–" : formatDuration(row.median_s * 1000), row.happiness === null ? "–" : formatScore(row.happiness), formatCount(row.failed_views),
      ])}
    >
      <ol class="funnel">
        {rows.map((row) => {
          const notes = [
            row.median_s === null ? "" : words.half(formatDuration(row.median_s * 1000)),
            row.happiness === null || confidence(row.judged ?? row.entered) === "few" ? "" : words.unhappy(formatScore(row.happiness)),
            row.failed_views > 0 ? words.failedNote(formatCount(row.failed_views)) : "",
          ].filter(Boolean);
          return (
            <li key={row.index} class={row === worst ? "worst" : undefined}>
              <p><b>{row.step}</b> <span>{formatCount(row.entered)}{row.of_start !== null && trust !== "few" && <span class="hint"> {formatShare(row.of_start)}</span>}</span></p>
              <ShareBar muted={trust !== "ok"} parts={started === 0 ? [] : [{ name: "plain", share: row.continued / started }, { name: "painful", share: row.left / started }]} />
              <p class="hint">
                <span class="leaves">{row.left === 0 ? words.leavesNobody : words.leaves(formatCount(row.left), share(row.drop_off))}</span>
                {notes.map((note) => <span key={note}> · {note}</span>)}
              </p>
            </li>
          );
        })}
      </ol>
    </Figure>
  );
}
