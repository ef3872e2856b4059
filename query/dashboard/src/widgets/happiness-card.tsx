// The score of a set of page views: the number with its span of chance, and the four levels it is made of.

import type { ComponentChildren } from "preact";
import { ShareBar } from "../charts/share-bar.tsx";
import { levelsOf } from "../api/read.ts";
import type { MetricRow } from "../api/types.ts";
import { confidence, LEVELS } from "../stats/happiness.ts";
import { formatCount, formatInterval, formatScore, formatShare, pageViews } from "../words/format.ts";
import { moodOf } from "../words/headline.ts";
import { Term } from "./term.tsx";
import { Nothing } from "./widget.tsx";
import { core } from "../words/core.ts";

export function HappinessScore({ row, compared }: { row: MetricRow | undefined; compared?: ComponentChildren }) {
  if (row === undefined || row.count === 0 || row.value === null || row.value === undefined) {
    return <Nothing>{core().widgets.score.none}</Nothing>;
  }
  const trust = confidence(row.count);
  const levels = levelsOf(row);
  const plain = trust !== "ok";
  const words = core().widgets.score;
  return (
    <div class={`happiness ${trust}`}>
      <div>
      <p class="score">
        {trust === "few" ? (
          <span class="few"><Term of="few" /></span>
        ) : (
          <>
            <span class="value">{formatScore(row.value)}</span>
            <span class="of">{words.of}</span>
          </>
        )}
      </p>
      <p class="hint">
        {trust === "ok" && <span class="mood">{core().sentences.moods[moodOf(row.value)]}; </span>}
        {trust === "small" && <><Term of="small">{core().widgets.trust.small}</Term>; </>}
        {trust !== "few" && row.low != null && row.high != null && <><Term of="interval">{formatInterval(row.low, row.high)}</Term>; </>}
        {pageViews(row.count)}
      </p>
      {compared}
      </div>
      <ShareBar size="large" muted={plain} parts={LEVELS.map((level) => ({ name: level, share: levels[level] / row.count }))} />
      <dl class={`levels ${plain ? "muted" : ""}`}>
        {LEVELS.map((level) => (
          <div key={level}>
            <dt><span class={`swatch ${level}`} aria-hidden="true" /><Term of={level} /></dt>
            <dd>{trust !== "few" && <b>{formatShare(levels[level] / row.count)} </b>}<span>{formatCount(levels[level])}</span></dd>
            <dd class="meaning">{words.levels[level]}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
