// "How happy are our visitors?" One sentence, the score, its causes, its course, the three vitals, and where it hurts.

import { address } from "../address/navigate.ts";
import { endsNow } from "../address/range.ts";
import { apiPath, healthPath } from "../api/paths.ts";
import { groupsOf, rowOf } from "../api/read.ts";
import { partAs, useScreenData } from "../api/screen-data.ts";
import type { BreakdownRow, Health, MetricRow, SeriesRow } from "../api/types.ts";
import { happinessSentence } from "../words/headline.ts";
import { BreakdownTable } from "../widgets/breakdown-table.tsx";
import { CauseList } from "../widgets/cause-list.tsx";
import { FirstVisit } from "../widgets/parts.tsx";
import { HappinessScore } from "../widgets/happiness-card.tsx";
import { Headline } from "../widgets/headline.tsx";
import { HurtingPages } from "../widgets/hurting-pages.tsx";
import { MetricTile } from "../widgets/metric-tile.tsx";
import { MetricTitle, VITALS } from "../widgets/metric-title.tsx";
import { NoVisits } from "../widgets/no-visits.tsx";
import { HappinessSeries, LevelsSeries } from "../widgets/series.tsx";
import { StepChoice } from "../widgets/step-choice.tsx";
import { Term } from "../widgets/term.tsx";
import { Warnings } from "../widgets/warnings.tsx";
import { Widget } from "../widgets/widget.tsx";
import { core } from "../words/core.ts";
import { metricName } from "../words/names.ts";
import { besideOf, comparedRow, comparePaths, markPaths, marksOf } from "../api/beside.ts";
import { ComparedLine } from "../widgets/compared.tsx";
import { lazy } from "../widgets/lazy.tsx";
import { WhenSeen } from "../widgets/when-seen.tsx";
import { noVisitsSentence } from "../words/no-visits.ts";

const WorldMap = lazy(() => import("../widgets/world-map.tsx").then((file) => file.WorldMap));

const METRICS = "happiness,lcp,inp,cls";
const TABLES = [
  { dimension: "release", limit: 8 },
  { dimension: "device", limit: 6 },
  { dimension: "country", limit: 8 },
  { dimension: "browser", limit: 8 },
] as const;

export default function HappinessScreen({ tz }: { tz: string }) {
  const here = address.value;
  const data = useScreenData(
    {
      summary: apiPath(here, "summary", [["metrics", METRICS]]),
      series: apiPath(here, "series", [["metrics", "happiness"], ["step", here.step]]),
      pages: apiPath(here, "breakdown", [["by", "page"], ["metrics", "happiness"], ["order", "-lost"], ["limit", "10"]]),
      ...Object.fromEntries(
        TABLES.map(({ dimension, limit }) => [
          dimension,
          apiPath(here, "breakdown", [["by", dimension], ["metrics", "happiness"], ["order", "-views"], ["limit", String(limit)]]),
        ]),
      ),
      health: healthPath(here),
      ...markPaths(here),
      ...comparePaths(here, METRICS, [["metrics", "happiness"], ["step", here.step]]),
    },
    endsNow(here.range),
  );
  const health = partAs<Health>(data, "health");
  const summary = partAs<MetricRow[]>(data, "summary");
  const pages = partAs<BreakdownRow[]>(data, "pages");
  if (health?.ok && health.answer.data.waiting && !data.stale) return <FirstVisit arrived={data.retry} />;

  const happiness = summary?.ok ? rowOf(summary.answer.data, "happiness") : undefined;
  const nothing = summary?.ok === true && (summary.answer.meta.views ?? happiness?.count ?? 0) === 0 && !data.stale;
  const sentence = summary === undefined ? null : nothing ? noVisitsSentence(here, tz) : happiness === undefined ? [{ text: core().sentences.happiness }]
    : happinessSentence(happiness, pages?.ok ? groupsOf(pages.answer.data, "page") : [], here, tz);

  const { titles } = core().sentences;
  const [marks, beside] = [marksOf(data), besideOf(data, here)];
  const change = (metric: string) => <ComparedLine row={comparedRow(data, metric)} tz={tz} />;

  return (
    <>
      <Headline phrases={sentence} stale={data.stale} />
      <Warnings data={data} />
      {nothing && <NoVisits />}
      <div class="grid overview" hidden={nothing}>
        <Widget<MetricRow[]> class="w-score" title={<Term of="happiness" />} data={data} part="summary">
          {(answer) => <HappinessScore row={rowOf(answer.data, "happiness")} compared={change("happiness")} />}
        </Widget>
        <Widget<MetricRow[]> class="w-causes" title={titles.hurt} data={data} part="summary">
          {(answer) => <CauseList row={rowOf(answer.data, "happiness")} />}
        </Widget>
        <Widget<SeriesRow[]> class="w-half chart-card" title={titles.overTime(metricName("happiness"))} data={data} part="series" actions={<StepChoice data={data} part="series" />}>
          {(answer) => <HappinessSeries answer={answer} tz={tz} marks={marks} beside={beside} />}
        </Widget>
        <Widget<SeriesRow[]> class="w-half chart-card" title={titles.felt} data={data} part="series">
          {(answer) => <LevelsSeries answer={answer} tz={tz} marks={marks} />}
        </Widget>
        {VITALS.map((metric) => (
          <Widget<MetricRow[]> key={metric} class="w-third tile-card" data={data} part="summary" title={<MetricTitle metric={metric} />}>
            {(answer) => <MetricTile row={rowOf(answer.data, metric)} metric={metric} compared={change(metric)} />}
          </Widget>
        ))}
        <Widget<BreakdownRow[]> class="w-wide table-card" title={titles.hurting} data={data} part="pages">
          {(answer) => <HurtingPages answer={answer} total={happiness} />}
        </Widget>
        {TABLES.map(({ dimension }) => (
          <Widget<BreakdownRow[]> key={dimension} class={`w-third table-card w-${dimension}`} title={dimension === "release" ? <Term of="release">{core().names.titles[dimension]}</Term> : core().names.titles[dimension]} data={data} part={dimension}>
            {(answer) => <BreakdownTable answer={answer} dimension={dimension} markWorse />}
          </Widget>
        ))}
        <WhenSeen class="map-place">{() => <WorldMap />}</WhenSeen>
      </div>
    </>
  );
}
