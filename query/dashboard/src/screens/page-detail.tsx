// One page: how it felt, its course, how its values spread, and on which devices and releases.

import { address, hrefWith } from "../address/navigate.ts";
import { endsNow } from "../address/range.ts";
import type { Filter } from "../address/filter.ts";
import { apiPath } from "../api/paths.ts";
import { groupsOf, rowOf } from "../api/read.ts";
import { partAs, useScreenData } from "../api/screen-data.ts";
import type { BinRow, BreakdownRow, MetricRow, SeriesRow } from "../api/types.ts";
import { happinessSentence } from "../words/headline.ts";
import { metricName } from "../words/names.ts";
import { BreakdownTable } from "../widgets/breakdown-table.tsx";
import { CauseList } from "../widgets/cause-list.tsx";
import { Distribution } from "../widgets/distribution.tsx";
import { HappinessScore } from "../widgets/happiness-card.tsx";
import { Headline } from "../widgets/headline.tsx";
import { Link } from "../widgets/link.tsx";
import { MetricTile } from "../widgets/metric-tile.tsx";
import { MetricTitle, VITALS } from "../widgets/metric-title.tsx";
import { NoVisits } from "../widgets/no-visits.tsx";
import { HappinessSeries, MetricSeries } from "../widgets/series.tsx";
import { StepChoice } from "../widgets/step-choice.tsx";
import { Term } from "../widgets/term.tsx";
import { Warnings } from "../widgets/warnings.tsx";
import { Widget } from "../widgets/widget.tsx";
import { core } from "../words/core.ts";
import { besideOf, comparedRow, comparePaths, markPaths, marksOf } from "../api/beside.ts";
import { ComparedLine } from "../widgets/compared.tsx";
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
  const data = useScreenData(
    {
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
    },
    endsNow(here.range),
  );
  const summary = partAs<MetricRow[]>(data, "summary");
  const marks = partAs<MetricRow[]>(data, "marks");
  const happiness = summary?.ok ? rowOf(summary.answer.data, "happiness") : undefined;
  const nothing = summary?.ok === true && (summary.answer.meta.views ?? happiness?.count ?? 0) === 0 && !data.stale;
  const sentence = summary === undefined ? null : nothing ? noVisitsSentence(here, tz) : happiness === undefined ? [{ text: page }] : happinessSentence(happiness, [], here, tz);
  const { titles } = core().sentences;
  const [happened, beside] = [marksOf(data), besideOf(data, here)];
  const change = (name: string) => <ComparedLine row={comparedRow(data, name)} tz={tz} />;

  return (
    <>
      <p class="crumbs"><Link href={hrefWith({ page: null, metric: null })}><span aria-hidden="true">← </span>{titles.allPages}</Link></p>
      <Headline phrases={sentence} stale={data.stale} />
      <Warnings data={data} />
      {nothing && <NoVisits />}
      <div class="grid" hidden={nothing}>
        <Widget<MetricRow[]> class="w-score" title={<Term of="happiness" />} data={data} part="summary">
          {(answer) => <HappinessScore row={rowOf(answer.data, "happiness")} compared={change("happiness")} />}
        </Widget>
        <Widget<MetricRow[]> class="w-causes" title={titles.hurt} data={data} part="summary">
          {(answer) => <CauseList row={rowOf(answer.data, "happiness")} />}
        </Widget>
        {VITALS.map((vital) => (
          <Widget<MetricRow[]> key={vital} class="w-third tile-card" data={data} part="summary" title={<MetricTitle metric={vital} />}>
            {(answer) => <MetricTile row={rowOf(answer.data, vital)} metric={vital} compared={change(vital)} />}
          </Widget>
        ))}
        <Widget<BinRow[]> class="w-full chart-card" title={titles.spread(metricName(metric))} data={data} part="distribution" actions={<MetricChoice metric={metric} />}>
          {(answer) => <Distribution bins={answer.data} row={marks?.ok ? rowOf(marks.answer.data, metric) : undefined} metric={metric} />}
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
      </div>
    </>
  );
}

function MetricChoice({ metric }: { metric: Vital }) {
  return (
    <div class="segments small" role="group" aria-label={core().sentences.titles.which}>
      {VITALS.map((vital) => (
        <Link key={vital} href={hrefWith({ metric: vital === "lcp" ? null : vital })} aria-current={vital === metric ? "true" : undefined}>
          {metricName(vital)}
        </Link>
      ))}
    </div>
  );
}
