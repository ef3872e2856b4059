// The score of a set of page views: the number with its span of chance, and the four levels it is made of.

import { ShareBar } from "../charts/share-bar.tsx";
import { levelsOf } from "../api/read.ts";
import type { MetricRow } from "../api/types.ts";
import { confidence, type Level, LEVELS } from "../stats/happiness.ts";
import { formatCount, formatInterval, formatScore, formatShare, plural } from "../words/format.ts";
import { GLOSSARY } from "../words/glossary.ts";
import { moodWord } from "../words/headline.ts";
import { Term } from "./term.tsx";
import { Nothing } from "./widget.tsx";

const LEVEL_BRIEF: Readonly<Record<Level, string>> = {
  delighted: "quick and steady",
  annoying: "noticeably slow or restless",
  painful: "it hurt",
  brutal: "failed, or hardly to be borne",
};

export function HappinessScore({ row }: { row: MetricRow | undefined }) {
  if (row === undefined || row.count === 0 || row.value === null || row.value === undefined) {
    return <Nothing>No page view could be judged in this time.</Nothing>;
  }
  const trust = confidence(row.count);
  const levels = levelsOf(row);
  const plain = trust !== "ok";
  return (
    <div class={`happiness ${trust}`}>
      <div>
      <p class="score">
        {trust === "few" ? (
          <span class="few"><Term of="few">Too few to judge</Term></span>
        ) : (
          <>
            <span class="value">{formatScore(row.value)}</span>
            <span class="of">of 100</span>
          </>
        )}
      </p>
      <p class="hint">
        {trust === "ok" && <span class="mood">{moodWord(row.value)}; </span>}
        {trust === "small" && <><Term of="small">few visits</Term>; </>}
        {trust !== "few" && row.low != null && row.high != null && <><Term of="interval">{formatInterval(row.low, row.high)}</Term>; </>}
        {plural(row.count, "page view")}
      </p>
      </div>
      <ShareBar size="large" muted={plain} parts={LEVELS.map((level) => ({ name: level, share: levels[level] / row.count }))} />
      <dl class={`levels ${plain ? "muted" : ""}`}>
        {LEVELS.map((level) => (
          <div key={level}>
            <dt><span class={`swatch ${level}`} aria-hidden="true" /><Term of={level}>{GLOSSARY[level].word}</Term></dt>
            <dd>{trust !== "few" && <b>{formatShare(levels[level] / row.count)} </b>}<span>{formatCount(levels[level])}</span></dd>
            <dd class="meaning">{LEVEL_BRIEF[level]}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
