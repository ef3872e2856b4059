// Time charts from a series: happiness, the four levels, the p75 of a metric; with what happened meanwhile, and the
// compared time beside it. Dragging over one looks at that stretch of time.

import { fixedRange } from "../address/range.ts";
import { address, navigate } from "../address/navigate.ts";
import { levelsOf } from "../api/read.ts";
import type { Answer, SeriesRow } from "../api/types.ts";
import type { Stretch } from "../charts/chart-area.tsx";
import { LevelsChart, type LevelsPoint } from "../charts/levels-chart.tsx";
import { LineChart, type LinePoint, trustWords } from "../charts/line-chart.tsx";
import { marksIn, type TimeMark } from "../charts/marks.tsx";
import { happinessDomain, happinessTicks, niceTicks, niceTop } from "../charts/scale.ts";
import { countOf, type CountedStep, joinedToJudge, stepsOf } from "../charts/steps.ts";
import type { Step } from "../charts/time-axis.tsx";
import { JUDGE_COUNT_MIN, LEVELS, score, VERDICT_COUNT_MIN } from "../stats/happiness.ts";
import { most } from "../stats/most.ts";
import { vsWords } from "../words/compare.ts";
import { core } from "../words/core.ts";
import { formatCount, formatLimit, formatScore, formatValue, pageViews } from "../words/format.ts";
import { glossary } from "../words/glossary.ts";
import { metricName, METRIC_UNITS } from "../words/names.ts";
import { formatStep, rangeWords } from "../words/time.ts";
import { Figure } from "./figure.tsx";
import { Nothing } from "./widget.tsx";

const HEIGHT = 210;

/** A series of the compared time, and how much earlier it is. */
export interface Beside {
  readonly answer: Answer<SeriesRow[]>;
  readonly offsetMs: number;
}

interface SeriesProps {
  readonly answer: Answer<SeriesRow[]>;
  readonly tz: string;
  readonly marks?: readonly TimeMark[];
  readonly beside?: Beside | undefined;
  /** What a stretch that was dragged over is for; to look at it, where nothing is said. */
  readonly dragged?: ((from: number, to: number) => void) | undefined;
}

/** Marking a stretch of a chart looks at that time. */
export function zooming(steps: readonly Step[], tz: string, chosen = (from: number, to: number): void => navigate({ range: fixedRange(from, to), step: null })): Stretch {
  const ends = (first: number, last: number): [number, number] => [steps[first]?.from ?? 0, steps[last]?.to ?? 0];
  return {
    chosen: (first, last) => chosen(...ends(first, last)),
    words: (first, last) => {
      const [from, to] = ends(first, last);
      return core().widgets.chart.stretch(rangeWords(fixedRange(from, to), tz));
    },
  };
}

/** What happened in a step, to be said after its value. */
export function marksWords(marks: readonly TimeMark[], step: Step): string {
  const words = core().widgets.chart.marks;
  return marksIn(marks, step).map(({ kind, name }) => `; ${words[kind](name)}`).join("");
}

function besideWords(points: readonly LinePoint[], step: Step, say: (value: number) => string): string {
  const middle = (step.from + step.to) / 2;
  const found = points.find((point) => point.from <= middle && middle < point.to);
  return found === undefined || found.value === null ? "" : core().widgets.chart.before(say(found.value));
}

function ComparedLegend({ shown, tz }: { shown: boolean; tz: string }) {
  const { vs } = address.value;
  if (!shown || vs === null) return null;
  return <p class="legend"><span class="compared-swatch" aria-hidden="true" />{core().widgets.chart.compared(vsWords(vs, tz))}</p>;
}

const moved = <P extends Step>(points: readonly P[], offsetMs: number): P[] => points.map((point) => ({ ...point, from: point.from + offsetMs, to: point.to + offsetMs }));

/** The steps asked for; when none were, long enough to be judged. */
function happinessSteps(answer: Answer<SeriesRow[]>, tz: string): readonly CountedStep[] {
  const steps = stepsOf(answer.data.filter((row) => row.metric === "happiness"), answer.query.to);
  const counted = steps.map((row) => ({ from: row.from, to: row.to, levels: levelsOf(row) }));
  return address.value.step === null ? joinedToJudge(counted, tz) : counted;
}

const happinessPoints = (answer: Answer<SeriesRow[]>, tz: string): LinePoint[] => happinessSteps(answer, tz).map(({ from, to, levels }) => ({ from, to, ...score(levels) }));

export function HappinessSeries({ answer, tz, marks = [], beside, dragged }: SeriesProps) {
  const points = happinessPoints(answer, tz);
  if (!points.some((point) => point.value !== null)) return <Nothing />;
  const compared = beside === undefined ? [] : moved(happinessPoints(beside.answer, tz), beside.offsetMs);
  const words = core().sentences;
  const chart = core().widgets.chart;
  const judged = points.filter((point) => point.count >= JUDGE_COUNT_MIN);
  const domain = happinessDomain([...(judged.length > 0 ? judged : points), ...compared.filter((point) => point.count >= JUDGE_COUNT_MIN)].flatMap((point) => point.low ?? point.value ?? []));
  const say = (point: LinePoint): string =>
    `${formatStep(point.from, point.to, tz)}: ${point.value === null ? chart.noVisits : `${words.score(formatScore(point.value))}, ${pageViews(point.count)}${trustWords(point.count)}`}` +
    besideWords(compared, point, formatScore) + marksWords(marks, point);
  const lowest = most(judged, (point) => -(point.value ?? 0));
  const highest = most(judged, (point) => point.value ?? 0);
  const summary =
    lowest === undefined || highest === undefined ? words.fewSteps : words.course(formatScore(lowest.value ?? 0), formatScore(highest.value ?? 0), formatStep(lowest.from, lowest.to, tz));
  const title = words.titles.overTime(metricName("happiness"));
  return (
    <Figure
      summary={summary}
      columns={[chart.time, metricName("happiness"), words.columns.atLeast, words.columns.atMost, glossary().views.word]}
      rows={() => points.map((point) => [formatStep(point.from, point.to, tz), points100(point.value), points100(point.low), points100(point.high), formatCount(point.count)])}
      legend={<ComparedLegend shown={compared.length > 0} tz={tz} />}
    >
      <LineChart label={`${title}. ${summary}`} points={points} tz={tz} height={HEIGHT} domain={domain} compared={compared} marks={marks} stretch={zooming(points, tz, dragged)}
        ticks={happinessTicks(domain)} tickLabel={String} readout={say} />
    </Figure>
  );
}

const points100 = (value: number | null): string => (value === null ? core().widgets.chart.notMeasuredCell : formatScore(value));

export function LevelsSeries({ answer, tz, marks = [] }: SeriesProps) {
  const points: readonly LevelsPoint[] = happinessSteps(answer, tz);
  const total = (point: LevelsPoint): number => countOf(point.levels);
  const views = points.reduce((sum, point) => sum + total(point), 0);
  if (views === 0) return <Nothing />;
  const words = core().sentences;
  const chart = core().widgets.chart;
  const busiest = most(points, total)!;
  const summary = words.felt(pageViews(views), formatStep(busiest.from, busiest.to, tz), formatCount(total(busiest)));
  const levelWords = (point: LevelsPoint): string => LEVELS.map((level) => `${formatCount(point.levels[level])} ${glossary()[level].word.toLowerCase()}`).join(", ");
  return (
    <Figure
      summary={summary}
      columns={[chart.time, ...LEVELS.map((level) => glossary()[level].word)]}
      rows={() => points.map((point) => [formatStep(point.from, point.to, tz), ...LEVELS.map((level) => formatCount(point.levels[level]))])}
      legend={<Legend muted={views < VERDICT_COUNT_MIN} />}
    >
      <LevelsChart label={`${words.titles.felt}. ${summary}`} points={points} tz={tz} height={HEIGHT} muted={views < VERDICT_COUNT_MIN} marks={marks} stretch={zooming(points, tz)}
        readout={(point) => `${formatStep(point.from, point.to, tz)}: ${total(point) === 0 ? chart.noVisits : levelWords(point)}${marksWords(marks, point)}`} />
    </Figure>
  );
}

function Legend({ muted }: { muted: boolean }) {
  return (
    <ul class={`legend ${muted ? "muted" : ""}`}>
      {LEVELS.map((level) => <li key={level}><span class={`swatch ${level}`} aria-hidden="true" />{glossary()[level].word}</li>)}
    </ul>
  );
}

function metricPoints(answer: Answer<SeriesRow[]>, metric: string): LinePoint[] {
  return stepsOf(answer.data.filter((row) => row.metric === metric), answer.query.to).map((row) => ({
    from: row.from, to: row.to, count: row.count, value: row.p75 ?? null, low: row.p75_low ?? null, high: row.p75_high ?? null,
  }));
}

/** The p75 of one metric over time, with its limits. */
export function MetricSeries({ answer, tz, metric, marks = [], beside }: SeriesProps & { metric: string }) {
  const rows = answer.data.filter((row) => row.metric === metric);
  const name = metricName(metric);
  const unit = rows[0]?.unit ?? METRIC_UNITS[metric];
  const points = metricPoints(answer, metric);
  const compared = beside === undefined ? [] : moved(metricPoints(beside.answer, metric), beside.offsetMs);
  const judged = points.filter((point) => point.count >= JUDGE_COUNT_MIN && point.value !== null);
  const drawn = judged.length > 0 ? judged : points.filter((point) => point.value !== null);
  if (drawn.length === 0) return <Nothing />;
  const words = core().sentences;
  const chart = core().widgets.chart;
  const limits = rows.find((row) => row.limits)?.limits ?? [];
  const top = niceTop(Math.max(...drawn.map((point) => Math.min(point.high ?? 0, 2 * (point.value ?? 0)) || (point.value ?? 0)), (limits[0] ?? 0) * 1.15));
  const worst = most(drawn, (point) => point.value ?? 0)!;
  const best = formatValue(Math.min(...drawn.map((point) => point.value ?? 0)), unit);
  const summary = (metric === "cls" ? words.jumpedBy : words.took)(best, formatValue(worst.value ?? 0, unit), formatStep(worst.from, worst.to, tz));
  const value = (number: number | null): string => (number === null ? chart.notMeasuredCell : formatValue(number, unit));
  const say = (point: LinePoint): string =>
    `${formatStep(point.from, point.to, tz)}: ${point.value === null ? chart.notMeasured : `${words.orBetter(formatValue(point.value, unit), pageViews(point.count))}${trustWords(point.count)}`}` +
    besideWords(compared, point, (beside) => formatValue(beside, unit)) + marksWords(marks, point);
  return (
    <Figure
      summary={summary}
      columns={[chart.time, words.columns.p75(metric.toUpperCase()), words.columns.measured]}
      rows={() => points.map((point) => [formatStep(point.from, point.to, tz), value(point.value), formatCount(point.count)])}
      legend={<ComparedLegend shown={compared.length > 0} tz={tz} />}
    >
      <LineChart label={`${words.titles.overTime(name)}. ${summary}`} points={points} tz={tz} height={HEIGHT} domain={[0, top]} ticks={niceTicks(0, top, 4)}
        tickLabel={(tick) => (tick === 0 ? "0" : formatLimit(tick, unit))} compared={compared} marks={marks} stretch={zooming(points, tz)}
        limits={[{ value: limits[0] ?? -1, name: words.goodUpTo(formatLimit(limits[0] ?? 0, unit)) }, { value: limits[1] ?? -1, name: words.poorOver(formatLimit(limits[1] ?? 0, unit)) }]}
        readout={say} />
    </Figure>
  );
}
