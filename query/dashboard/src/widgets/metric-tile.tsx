// One Core Web Vital of a set: what three of four visits got, its rating, and the shares.

import { ShareBar } from "../charts/share-bar.tsx";
import type { MetricRow, Rating } from "../api/types.ts";
import { confidence } from "../stats/happiness.ts";
import { formatLimit, formatShare, formatValue, plural } from "../words/format.ts";
import { METRIC_NAMES } from "../words/names.ts";
import { Missing, Term } from "./term.tsx";

const RATING_WORDS: Record<Rating, string> = { good: "Good", fair: "Could be better", poor: "Poor" };
const RATINGS: readonly Rating[] = ["good", "fair", "poor"];

/** A rating as a word with a shape of its own: never by colour alone. */
export function RatingBadge({ rating }: { rating: Rating }) {
  return (
    <span class={`badge ${rating}`}>
      <svg viewBox="0 0 10 10" width="9" height="9" aria-hidden="true" focusable="false">
        {rating === "good" ? <circle cx="5" cy="5" r="4.5" /> : rating === "fair" ? <rect x="1" y="1" width="8" height="8" /> : <path d="M5 .5 9.8 9.5H.2z" />}
      </svg>
      {RATING_WORDS[rating]}
    </span>
  );
}

export function MetricTile({ row, metric }: { row: MetricRow | undefined; metric: string }) {
  const unit = row?.unit ?? METRIC_NAMES[metric]?.unit;
  const count = row?.count ?? 0;
  const trust = confidence(count);
  const [good] = row?.limits ?? [];
  if (row === undefined || trust === "none" || row.p75 == null) {
    return <p class="figure-value"><Missing /><span class="hint">not measured in this time</span></p>;
  }
  if (trust === "few") {
    return <p class="figure-value few"><Term of="few">Too few to judge</Term><span class="hint">{plural(count, "page view")}</span></p>;
  }
  const interval = row.p75_low != null && row.p75_high != null ? `, most likely between ${formatValue(row.p75_low, unit)} and ${formatValue(row.p75_high, unit)}` : "";
  return (
    <div class={`tile ${trust}`}>
      <p class="figure-value" title={`${formatValue(row.p75, unit)}${interval}`}>
        <span class="value">{formatValue(row.p75, unit)}</span>
        {trust === "ok" && row.rating ? <RatingBadge rating={row.rating} /> : <Term of="small">few visits</Term>}
      </p>
      <p class="hint">
        <Term of="p75">Three out of four</Term> got this or better.{good !== undefined && ` Good is up to ${formatLimit(good, unit)}.`}
      </p>
      <ShareBar muted={trust !== "ok"} parts={RATINGS.map((rating) => ({ name: rating, share: row[rating] ?? 0 }))} />
      <p class={`shares ${trust !== "ok" ? "muted" : ""}`}>
        {RATINGS.map((rating) => (
          <span key={rating}><i class={`swatch ${rating}`} aria-hidden="true" />{`${formatShare(row[rating] ?? 0)} ${rating}`}</span>
        ))}
      </p>
    </div>
  );
}
