// Completion by speed: how many got to the end, for each span of waiting, like compared with like.

import type { SpeedRow } from "../api/visits.ts";
import { ChartArea } from "../charts/chart-area.tsx";
import { linear, niceTop, niceTicks } from "../charts/scale.ts";
import { GridLines, MARGIN } from "../charts/time-axis.tsx";
import { confidence } from "../stats/happiness.ts";
import { formatCount, formatDecimal, formatShare, orDash, plural } from "../words/format.ts";
import { journeyWords } from "../words/journeys.ts";
import { Figure } from "./figure.tsx";

const HEIGHT = 210;

const seconds = (value: number): string => `${formatDecimal(value, 1, true)} s`;

export function spanWords({ from_s: from, to_s: to }: SpeedRow): string {
  const words = journeyWords();
  if (to === null) return words.from(seconds(from));
  return from === 0 ? words.under(seconds(to)) : words.span(formatDecimal(from, 1, true), seconds(to));
}

/** For narrow bars: "1–3 s", "5+ s". */
const briefly = ({ from_s: from, to_s: to }: SpeedRow): string => `${formatDecimal(from, 1, true)}${to === null ? "+" : `–${formatDecimal(to, 1, true)}`} s`;

export function SpeedChart({ rows, said }: { rows: readonly SpeedRow[]; said: string | null | undefined }) {
  const words = journeyWords();
  const shown = (row: SpeedRow): number | null => (confidence(row.started) === "few" ? null : row.completion_matched ?? row.completion);
  const judged = rows.filter((row) => row.started > 0 && shown(row) !== null);
  const [fast, slow] = [judged[0], judged[judged.length - 1]];
  const summary = said ?? (fast === undefined || slow === undefined || fast === slow ? words.speedFew
    : words.speedSummary(spanWords(fast), formatShare(shown(fast) ?? 0), spanWords(slow), formatShare(shown(slow) ?? 0)));
  const top = Math.min(1, niceTop(Math.max(0.1, ...judged.map((row) => row.high ?? shown(row) ?? 0))));
  const y = linear([0, top], [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const step = (width: number): number => (width - MARGIN.left - MARGIN.right) / Math.max(1, rows.length);
  const middle = (width: number, index: number): number => MARGIN.left + step(width) * (index + 0.5);
  const base = HEIGHT - MARGIN.bottom;

  function readout(row: SpeedRow): string {
    const visits = plural(row.started, ...words.visits);
    const value = shown(row);
    if (value === null) return `${words.wait} ${spanWords(row)}: ${words.tooFew}, ${visits}`;
    return words.speedReadout(spanWords(row), formatShare(value), orDash(row.low, formatShare), orDash(row.high, formatShare), visits);
  }

  return (
    <Figure
      summary={summary}
      columns={[words.wait, words.matched, words.atLeast, words.atMost, words.raw, words.started]}
      rows={() => rows.map((row) => [
        spanWords(row), shown(row) === null ? words.tooFew : row.completion_matched === null ? words.unlike : formatShare(row.completion_matched),
        orDash(row.low, formatShare), orDash(row.high, formatShare), orDash(row.completion, formatShare), formatCount(row.started),
      ])}
    >
      <ChartArea
        label={`${words.speedTitle} ${summary}`}
        height={HEIGHT}
        stops={(width) => rows.map((_, index) => middle(width, index))}
        items={rows}
        readout={readout}
        draw={(width, cursor) => (
          <>
            <GridLines ticks={niceTicks(0, top, 4)} y={y} width={width} label={(tick) => (tick === 0 ? "0" : formatShare(tick))} />
            {rows.map((row, index) => {
              const value = shown(row);
              const x = middle(width, index);
              const wide = Math.min(72, step(width) * 0.7);
              return (
                <g key={row.from_s} class={`${confidence(row.started) === "ok" ? "" : "muted"} ${cursor !== null && cursor !== index ? "dim" : ""}`}>
                  {value !== null && <rect class={`level ${row.level}`} x={x - wide / 2} width={wide} y={y(value)} height={base - y(value)} rx="2" />}
                  {value !== null && row.low !== null && row.high !== null && <path class="whisker" d={`M${x - 4} ${y(row.low)}h8m-4 0V${y(Math.min(top, row.high))}m-4 0h8`} />}
                  <text x={x} y={HEIGHT - 5} text-anchor="middle">{width / rows.length < 110 ? briefly(row) : spanWords(row)}</text>
                </g>
              );
            })}
            <g class="axis"><line class="base" x1={MARGIN.left} x2={width - MARGIN.right} y1={base} y2={base} /></g>
          </>
        )}
      />
    </Figure>
  );
}
