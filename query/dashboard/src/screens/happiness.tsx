// "How happy are our visitors?" One sentence, the score, its causes, its course, the three vitals, and where it hurts.

import { address } from "../address/navigate.ts";
import { apiPath, healthPath } from "../api/paths.ts";
import { groupsOf, rowOf } from "../api/read.ts";
import { answerTo, partAs, useScreenData } from "../api/screen-data.ts";
import type { BreakdownRow, MetricRow, SeriesRow } from "../api/types.ts";
import { happinessSentence } from "../words/headline.ts";
import { BreakdownTable } from "../widgets/breakdown-table.tsx";
import { HurtingPages } from "../widgets/hurting-pages.tsx";
import { ScoreCards, VitalCards } from "../widgets/felt-cards.tsx";
import { isEmpty, Screen } from "../widgets/screen.tsx";
import { HappinessSeries, LevelsSeries } from "../widgets/series.tsx";
import { StepChoice } from "../widgets/step-choice.tsx";
import { Term } from "../widgets/term.tsx";
import { Widget } from "../widgets/widget.tsx";
import { core } from "../words/core.ts";
import { metricName } from "../words/names.ts";
import { besideOf, comparePaths, markPaths, marksOf } from "../api/beside.ts";
import { WhenSeen } from "../widgets/when-seen.tsx";
import { WorldMap } from "../widgets/world-map.tsx";
import { noVisitsSentence } from "../words/no-visits.ts";

const METRICS = "happiness,lcp,inp,cls";
const TABLES = [
  { dimension: "release", limit: 8 },
  { dimension: "device", limit: 6 },
  { dimension: "country", limit: 8 },
  { dimension: "browser", limit: 8 },
] as const;

export function HappinessScreen({ tz }: { tz: string }) {
  const here = address.value;
  const data = useScreenData({
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
  });
  const summary = partAs<MetricRow[]>(data, "summary");
  const happiness = rowOf(answerTo<MetricRow[]>(data, "summary"), "happiness");
  const nothing = isEmpty(data);
  const sentence = summary === undefined ? null : nothing ? noVisitsSentence(here, tz) : happiness === undefined ? [{ text: core().sentences.happiness }]
    : happinessSentence(happiness, groupsOf(answerTo<BreakdownRow[]>(data, "pages") ?? [], "page"), here, tz);

  const { titles } = core().sentences;
  const [marks, beside] = [marksOf(data), besideOf(data, here)];

  return (
    <Screen data={data} phrases={sentence} nothing={nothing} class="overview">
      <ScoreCards data={data} tz={tz} />
      <Widget<SeriesRow[]> class="w-half chart-card" title={titles.overTime(metricName("happiness"))} data={data} part="series" actions={<StepChoice data={data} part="series" />}>
        {(answer) => <HappinessSeries answer={answer} tz={tz} marks={marks} beside={beside} />}
      </Widget>
      <Widget<SeriesRow[]> class="w-half chart-card" title={titles.felt} data={data} part="series">
        {(answer) => <LevelsSeries answer={answer} tz={tz} marks={marks} />}
      </Widget>
      <VitalCards data={data} tz={tz} />
      <Widget<BreakdownRow[]> class="w-wide table-card" title={titles.hurting} data={data} part="pages">
        {(answer) => <HurtingPages answer={answer} total={happiness} />}
      </Widget>
      {TABLES.map(({ dimension }) => (
        <Widget<BreakdownRow[]> key={dimension} class={`w-third table-card w-${dimension}`} title={dimension === "release" ? <Term of="release">{core().names.titles[dimension]}</Term> : core().names.titles[dimension]} data={data} part={dimension}>
          {(answer) => <BreakdownTable answer={answer} dimension={dimension} markWorse />}
        </Widget>
      ))}
      <WhenSeen class="map-place">{() => <WorldMap />}</WhenSeen>
    </Screen>
  );
}
