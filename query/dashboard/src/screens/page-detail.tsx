// One page: how it felt, its course, how its values spread, and on which devices and releases.

import { address, hrefWith } from "../address/navigate.ts";
import type { Filter } from "../address/filter.ts";
import { apiPath } from "../api/paths.ts";
import { groupsOf, rowOf } from "../api/read.ts";
import { answerTo, partAs, useScreenData } from "../api/screen-data.ts";
import type { BinRow, BreakdownRow, MetricRow, SeriesRow } from "../api/types.ts";
import { happinessSentence } from "../words/headline.ts";
import { metricName } from "../words/names.ts";
import { BreakdownTable } from "../widgets/breakdown-table.tsx";
import { Choice } from "../widgets/choice.tsx";
import { Distribution } from "../widgets/distribution.tsx";
import { VITALS } from "../widgets/metric-title.tsx";
import { ScoreCards, VitalCards } from "../widgets/felt-cards.tsx";
import { isEmpty, Screen } from "../widgets/screen.tsx";
import { HappinessSeries, MetricSeries } from "../widgets/series.tsx";
import { StepChoice } from "../widgets/step-choice.tsx";
import { Widget } from "../widgets/widget.tsx";
import { core } from "../words/core.ts";
import { besideOf, comparePaths, markPaths, marksOf } from "../api/beside.ts";
import { noVisitsSentence } from "../words/no-visits.ts";


const TABLES = [
  { dimension: "device" },
  { dimension: "release" },
  { dimension: "country" },
] as const;

type Vital = (typeof VITALS)[number];

export function PageDetail({ page, tz }: { page: string; tz: string }) {
  const here = address.value;
  const metric: Vital = VITALS.find((known) => known === here.metric) ?? "lcp";
  const only: Filter[] = [{ dimension: "page", op: "is", values: [page] }];
  const scoped = { ...here, filters: here.filters.filter((filter) => !(filter.dimension === "page" && filter.op === "is")) };
  const data = useScreenData({
    summary: apiPath(scoped, "summary", [["metrics", "happiness,lcp,inp,cls"]], only),
    marks: apiPath(scoped, "summary", [["metrics", metric], ["stats", "p50,p75,p95,good,fair,poor,count"]], only),
    series: apiPath(scoped, "series", [["metrics", `happiness,${metric}`], ["step", here.step]], only),
    distribution: apiPath(scoped, "distribution", [["metric", metric]], only),
    ...Object.fromEntries(
      TABLES.map(({ dimension }) => [
        dimension,
        apiPath(scoped, "breakdown", [["by", dimension], ["metrics", "happiness"], ["order", "-views"], ["limit", "6"]], only),
      ]),
    ),
    ...markPaths(here),
    ...comparePaths(scoped, "happiness,lcp,inp,cls", [["metrics", `happiness,${metric}`], ["step", here.step]], only),
  });
  const summary = partAs<MetricRow[]>(data, "summary");
  const happiness = rowOf(answerTo<MetricRow[]>(data, "summary"), "happiness");
  const nothing = isEmpty(data);
  const sentence = summary === undefined ? null : nothing ? noVisitsSentence(here, tz) : happiness === undefined ? [{ text: page }] : happinessSentence(happiness, [], here, tz);
  const { titles } = core().sentences;
  const [happened, beside] = [marksOf(data), besideOf(data, here)];

  return (
    <Screen data={data} phrases={sentence} back={[hrefWith({ page: null, metric: null }), titles.allPages]} nothing={nothing}>
      <ScoreCards data={data} tz={tz} />
      <VitalCards data={data} tz={tz} />
      <Widget<BinRow[]> class="w-full chart-card" title={titles.spread(metricName(metric))} data={data} part="distribution" actions={<MetricChoice metric={metric} />}>
        {(answer) => <Distribution bins={answer.data} row={rowOf(answerTo<MetricRow[]>(data, "marks"), metric)} metric={metric} />}
      </Widget>
      <Widget<SeriesRow[]> class="w-half chart-card" title={titles.overTime(metricName("happiness"))} data={data} part="series" actions={<StepChoice data={data} part="series" />}>
        {(answer) => <HappinessSeries answer={answer} tz={tz} marks={happened} beside={beside} />}
      </Widget>
      <Widget<SeriesRow[]> class="w-half chart-card" title={titles.overTime(metricName(metric))} data={data} part="series">
        {(answer) => <MetricSeries answer={answer} tz={tz} metric={metric} marks={happened} beside={beside} />}
      </Widget>
      {TABLES.map(({ dimension }) => (
        <Widget<BreakdownRow[]> key={dimension} class="w-third table-card" title={core().names.titles[dimension]} data={data} part={dimension}>
          {(answer) => <BreakdownTable answer={answer} dimension={dimension} markWorse={groupsOf(answer.data, dimension).length > 1} />}
        </Widget>
      ))}
    </Screen>
  );
}

function MetricChoice({ metric }: { metric: Vital }) {
  return <Choice label={core().sentences.titles.which} options={VITALS.map((vital) => [metricName(vital), hrefWith({ metric: vital === "lcp" ? null : vital }), vital === metric])} />;
}
