// How the values of a metric spread: its histogram, the limits, and where the usual and the unlucky visitors stand.

import type { BinRow, MetricRow } from "../api/types.ts";
import { Histogram, type Mark } from "../charts/histogram.tsx";
import { confidence } from "../stats/happiness.ts";
import { formatCount, formatLimit, formatShare, formatValue, plural } from "../words/format.ts";
import { METRIC_NAMES } from "../words/names.ts";
import { Figure } from "./figure.tsx";
import { Term } from "./term.tsx";
import { Nothing } from "./widget.tsx";

export function Distribution({ bins, row, metric }: { bins: readonly BinRow[]; row: MetricRow | undefined; metric: string }) {
  const count = bins.reduce((sum, bin) => sum + bin.count, 0);
  const unit = row?.unit ?? METRIC_NAMES[metric]?.unit;
  const name = METRIC_NAMES[metric]?.name ?? metric;
  const trust = confidence(count);
  if (trust === "none") return <Nothing />;
  if (trust === "few") return <Nothing><Term of="few">Too few to judge</Term>: {plural(count, "page view")}.</Nothing>;
  const limits = row?.limits ?? [];
  const marks: Mark[] = ([["p50", "half within"], ["p75", "3 of 4 within"], ["p95", "19 of 20 within"]] as const).flatMap(([stat, words]) => {
    const value = row?.[stat];
    return value == null ? [] : [{ value, name: `${words} ${formatValue(value, unit)}` }];
  });
  const span = (bin: BinRow): string =>
    bin.to === null ? `${formatValue(bin.from, unit)} and more` : `${formatValue(bin.from, unit)} to ${formatValue(bin.to, unit)}`;
  const summary =
    `${plural(count, "page view")} measured` +
    (row?.good == null ? "" : `: ${formatShare(row.good)} good`) +
    (row?.poor == null ? "" : `, ${formatShare(row.poor)} poor`) +
    (row?.p95 == null ? "." : `; one of twenty was over ${formatValue(row.p95, unit)}.`);
  return (
    <Figure summary={summary} columns={[name, "Page views", "Share"]} rows={() => bins.map((bin) => [span(bin), formatCount(bin.count), bin.share === null ? "–" : formatShare(bin.share)])}>
      <Histogram label={`How ${name} spread. ${summary}`} bins={bins} limits={limits} marks={marks} height={250}
        format={(value) => (value === 0 ? "0" : formatLimit(Number(value.toPrecision(3)), unit))}
        readout={(bin) => `${span(bin)}: ${plural(bin.count, "page view")}${bin.share === null ? "" : `, ${formatShare(bin.share)}`}`} />
    </Figure>
  );
}
