// A journey step by step. Each bar is as long as the part of all visits that got there; its end is those who left.

import type { FunnelRow } from "../api/visits.ts";
import { ShareBar } from "../charts/share-bar.tsx";
import { confidence } from "../stats/happiness.ts";
import { most } from "../stats/most.ts";
import { formatCount, formatDuration, formatScore, formatShare, orDash } from "../words/format.ts";
import { journeyWords } from "../words/journeys.ts";
import { Figure } from "./figure.tsx";

/** Where most visits leave; none when nobody does. */
export function worstStep(rows: readonly FunnelRow[]): FunnelRow | undefined {
  return most(rows.filter(({ left }) => left > 0), ({ left }) => left);
}

export function Funnel({ rows }: { rows: readonly FunnelRow[] }) {
  const words = journeyWords();
  const started = rows[0]?.entered ?? 0;
  const trust = confidence(started);
  const worst = trust === "ok" ? worstStep(rows) : undefined;
  const summary = words.funnelSummary(formatCount(started), formatCount(rows[rows.length - 1]?.continued ?? 0), worstStep(rows)?.step ?? "–", formatCount(worstStep(rows)?.left ?? 0));
  return (
    <Figure
      summary={trust === "few" ? words.tooFew : summary}
      columns={[words.step, words.entered, words.ofStart, words.leftHere, words.time, words.happiness, words.failedViews]}
      rows={() => rows.map((row) => [
        row.step, formatCount(row.entered), orDash(row.of_start, formatShare), `${formatCount(row.left)} (${orDash(row.drop_off, formatShare)})`,
        orDash(row.median_s, (seconds) => formatDuration(seconds * 1000)), orDash(row.happiness, formatScore), formatCount(row.failed_views),
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
                <span class="leaves">{row.left === 0 ? words.leavesNobody : words.leaves(formatCount(row.left), orDash(row.drop_off, formatShare))}</span>
                {notes.map((note) => <span key={note}> · {note}</span>)}
              </p>
            </li>
          );
        })}
      </ol>
    </Figure>
  );
}
