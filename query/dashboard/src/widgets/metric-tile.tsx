// One Core Web Vital of a set: what three of four visits got, its rating, and the shares.

import type { ComponentChildren } from "preact";
import { ShareBar } from "../charts/share-bar.tsx";
import type { MetricRow, Rating } from "../api/types.ts";
import { confidence } from "../stats/happiness.ts";
import { formatLimit, formatShare, formatValue, pageViews } from "../words/format.ts";
import { METRIC_UNITS } from "../words/names.ts";
import { Shape } from "./shape.tsx";
import { Missing, Term } from "./term.tsx";
import { core } from "../words/core.ts";

const RATINGS: readonly Rating[] = ["good", "fair", "poor"];

/** A rating as a word with a shape of its own: never by colour alone. */
export function RatingBadge({ rating }: { rating: Rating }) {
  return (
    <span class={`badge ${rating}`}>
      <Shape of={rating} />
      {core().widgets.tile.rating[rating]}
    </span>
  );
}

export function MetricTile({ row, metric, compared }: { row: MetricRow | undefined; metric: string; compared?: ComponentChildren }) {
  const unit = row?.unit ?? METRIC_UNITS[metric];
  const count = row?.count ?? 0;
  const trust = confidence(count);
  const [good] = row?.limits ?? [];
  const words = core().widgets.tile;
  if (row === undefined || trust === "none" || row.p75 == null) {
    return <p class="figure-value"><Missing /><span class="hint">{words.unmeasured}</span></p>;
  }
  if (trust === "few") {
    return <p class="figure-value few"><Term of="few" /><span class="hint">{pageViews(count)}</span></p>;
  }
  const interval = row.p75_low != null && row.p75_high != null ? words.likely(formatValue(row.p75_low, unit), formatValue(row.p75_high, unit)) : "";
  return (
    <div class={`tile ${trust}`}>
      <p class="figure-value" title={`${formatValue(row.p75, unit)}${interval}`}>
        <span class="value">{formatValue(row.p75, unit)}</span>
        {trust === "ok" && row.rating ? <RatingBadge rating={row.rating} /> : <Term of="small">{core().widgets.trust.small}</Term>}
      </p>
      <p class="hint">
        <Term of="p75">{words.most[0]}</Term>{words.most[1]}{good !== undefined && words.goodUpTo(formatLimit(good, unit))}
      </p>
      {compared}
      <ShareBar muted={trust !== "ok"} parts={RATINGS.map((rating) => ({ name: rating, share: row[rating] ?? 0 }))} />
      <p class={`shares ${trust !== "ok" ? "muted" : ""}`}>
        {RATINGS.map((rating) => (
          <span key={rating}><i class={`swatch ${rating}`} aria-hidden="true" />{`${formatShare(row[rating] ?? 0)} ${words.share[rating]}`}</span>
        ))}
      </p>
    </div>
  );
}
