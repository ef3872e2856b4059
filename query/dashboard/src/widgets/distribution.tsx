// How the values of a metric spread: its histogram, the limits, and where the usual and the unlucky visitors stand.

import type { BinRow, MetricRow } from "../api/types.ts";
import { Histogram, type Mark } from "../charts/histogram.tsx";
import { confidence } from "../stats/happiness.ts";
import { formatCount, formatLimit, formatShare, formatValue, pageViews } from "../words/format.ts";
import { metricName, METRIC_UNITS } from "../words/names.ts";
import { Figure } from "./figure.tsx";
import { Term } from "./term.tsx";
import { Nothing } from "./widget.tsx";
import { core } from "../words/core.ts";
import { glossary } from "../words/glossary.ts";

export function Distribution({ bins, row, metric }: { bins: readonly BinRow[]; row: MetricRow | undefined; metric: string }) {
  const count = bins.reduce((sum, bin) => sum + bin.count, 0);
  const unit = row?.unit ?? METRIC_UNITS[metric];
  const name = metricName(metric);
  const trust = confidence(count);
  if (trust === "none") return <Nothing />;
  if (trust === "few") return <Nothing><Term of="few" />: {pageViews(count)}.</Nothing>;
  const limits = row?.limits ?? [];
  const words = core().sentences.spread;
  const marks: Mark[] = ([["p50", words.half], ["p75", words.threeOfFour], ["p95", words.nineteen]] as const).flatMap(([stat, within]) => {
    const value = row?.[stat];
    return value == null ? [] : [{ value, name: `${within} ${formatValue(value, unit)}` }];
  });
  const span = (bin: BinRow): string =>
    bin.to === null ? words.andMore(formatValue(bin.from, unit)) : core().chrome.range.fromTo(formatValue(bin.from, unit), formatValue(bin.to, unit));
  const summary =
    words.measured(pageViews(count)) +
    (row?.good == null ? "" : words.good(formatShare(row.good))) +
    (row?.poor == null ? "" : words.poor(formatShare(row.poor))) +
    (row?.p95 == null ? "." : words.over(formatValue(row.p95, unit)));
  return (
    <Figure summary={summary} columns={[name, glossary().views.word, core().sentences.columns.share]} rows={() => bins.map((bin) => [span(bin), formatCount(bin.count), bin.share === null ? "–" : formatShare(bin.share)])}>
      <Histogram label={words.label(name, summary)} bins={bins} limits={limits} marks={marks} height={250}
        format={(value) => (value === 0 ? "0" : formatLimit(Number(value.toPrecision(3)), unit))}
        readout={(bin) => `${span(bin)}: ${pageViews(bin.count)}${bin.share === null ? "" : `, ${formatShare(bin.share)}`}`} />
    </Figure>
  );
}
