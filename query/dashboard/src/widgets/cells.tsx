// The cells that tables of groups share: a happiness with its bar, a value with its rating.

import { levelsOf } from "../api/read.ts";
import type { MetricRow } from "../api/types.ts";
import { ShareBar } from "../charts/share-bar.tsx";
import { confidence, LEVELS } from "../stats/happiness.ts";
import { formatCount, formatInterval, formatScore, formatValue, pageViews } from "../words/format.ts";
import { Shape } from "./shape.tsx";
import { Missing, Term } from "./term.tsx";
import { core } from "../words/core.ts";

export function HappinessCell({ row, worse = false }: { row: MetricRow | undefined; worse?: boolean }) {
  const trust = confidence(row?.count ?? 0);
  if (row === undefined || trust === "none" || row.value == null) return <Missing />;
  if (trust === "few") return <span class="few" title={core().widgets.table.judgedTitle(formatCount(row.count))}>{core().widgets.trust.few}</span>;
  const levels = levelsOf(row);
  return (
    <span class={`happiness-cell ${trust}`} title={row.low != null && row.high != null ? formatInterval(row.low, row.high) : undefined}>
      {worse && <span class="worse"><Term of="worse"><span aria-hidden="true">▼</span><span class="word"> {core().widgets.table.worse}</span></Term></span>}
      <b>{formatScore(row.value)}</b>
      <ShareBar muted={trust !== "ok"} parts={LEVELS.map((level) => ({ name: level, share: levels[level] / row.count }))} />
    </span>
  );
}

export function ValueCell({ row }: { row: MetricRow | undefined }) {
  const trust = confidence(row?.count ?? 0);
  if (row === undefined || trust === "none" || row.p75 == null) return <Missing />;
  if (trust === "few") return <span class="few" title={core().widgets.table.tooFewTitle(pageViews(row.count))}>{core().widgets.table.tooFew}</span>;
  const rating = trust === "ok" ? row.rating : null;
  const words = core().widgets;
  return (
    <span class={`value-cell ${trust}`} title={`${pageViews(row.count)}, ${rating ? words.tile.share[rating] : words.trust.small}`}>
      {formatValue(row.p75, row.unit)}
      {rating && (
        <>
          <Shape of={rating} class={`shape ${rating}`} size={8} />
          <span class="sr-only">{words.tile.share[rating]}</span>
        </>
      )}
    </span>
  );
}
