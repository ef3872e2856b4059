// The time charts of the screens: happiness, its levels, and the p75 of a metric, each with its words.

import { address } from "../address/navigate.ts";
import { levelsOf } from "../api/read.ts";
import type { Answer, SeriesRow } from "../api/types.ts";
import { LevelsChart, type LevelsPoint } from "../charts/levels-chart.tsx";
import { LineChart, type LinePoint, trustWords } from "../charts/line-chart.tsx";
import { type CountedStep, countOf, joinedToJudge, stepsOf } from "../charts/steps.ts";
import { happinessDomain, happinessTicks, niceTicks, niceTop } from "../charts/scale.ts";
import { JUDGE_COUNT_MIN, LEVELS, score, VERDICT_COUNT_MIN } from "../stats/happiness.ts";
import { formatCount, formatLimit, formatScore, formatValue, plural } from "../words/format.ts";
import { GLOSSARY } from "../words/glossary.ts";
import { METRIC_NAMES } from "../words/names.ts";
import { formatStep } from "../words/time.ts";
import { Figure } from "./figure.tsx";
import { Nothing } from "./widget.tsx";

const HEIGHT = 210;

interface SeriesProps {
  readonly answer: Answer<SeriesRow[]>;
  readonly tz: string;
}

/** The steps asked for; when none were, long enough to be judged. */
function happinessSteps(answer: Answer<SeriesRow[]>, tz: string): readonly CountedStep[] {
  const steps = stepsOf(answer.data.filter((row) => row.metric === "happiness"), answer.query.to);
  const counted = steps.map((row) => ({ from: row.from, to: row.to, levels: levelsOf(row) }));
  return address.value.step === null ? joinedToJudge(counted, tz) : counted;
}

export function HappinessSeries({ answer, tz }: SeriesProps) {
  const points: LinePoint[] = happinessSteps(answer, tz).map(({ from, to, levels }) => ({ from, to, ...score(levels) }));
  if (!points.some((point) => point.value !== null)) return <Nothing />;
  const judged = points.filter((point) => point.count >= JUDGE_COUNT_MIN);
  const domain = happinessDomain((judged.length > 0 ? judged : points).flatMap((point) => point.low ?? point.value ?? []));
  const say = (point: LinePoint): string =>
    `${formatStep(point.from, point.to, tz)}: ${point.value === null ? "no visits" : `${formatScore(point.value)} of 100, ${plural(point.count, "page view")}${trustWords(point.count)}`}`;
  const lowest = [...judged].sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
  const highest = [...judged].sort((a, b) => (b.value ?? 0) - (a.value ?? 0))[0];
  const summary =
    lowest === undefined || highest === undefined
      ? "Too few visits in each step to judge any of them."
      : `Between ${formatScore(lowest.value ?? 0)} and ${formatScore(highest.value ?? 0)} of 100; lowest on ${formatStep(lowest.from, lowest.to, tz)}.`;
  return (
    <Figure
      summary={summary}
      columns={["Time", "Happiness", "At least", "At most", "Page views"]}
      rows={() => points.map((point) => [formatStep(point.from, point.to, tz), points100(point.value), points100(point.low), points100(point.high), formatCount(point.count)])}
    >
      <LineChart label={`Happiness over time. ${summary}`} points={points} tz={tz} height={HEIGHT} domain={domain}
        ticks={happinessTicks(domain)} tickLabel={String} readout={say} />
    </Figure>
  );
}

const points100 = (value: number | null): string => (value === null ? "– not measured" : formatScore(value));

export function LevelsSeries({ answer, tz }: SeriesProps) {
  const points: readonly LevelsPoint[] = happinessSteps(answer, tz);
  const total = (point: LevelsPoint): number => countOf(point.levels);
  const views = points.reduce((sum, point) => sum + total(point), 0);
  if (views === 0) return <Nothing />;
  const busiest = [...points].sort((a, b) => total(b) - total(a))[0];
  const summary = `${plural(views, "page view")} judged${busiest === undefined ? "" : `; most on ${formatStep(busiest.from, busiest.to, tz)}, ${formatCount(total(busiest))}`}.`;
  return (
    <Figure
      summary={summary}
      columns={["Time", ...LEVELS.map((level) => GLOSSARY[level].word)]}
      rows={() => points.map((point) => [formatStep(point.from, point.to, tz), ...LEVELS.map((level) => formatCount(point.levels[level]))])}
      legend={<Legend muted={views < VERDICT_COUNT_MIN} />}
    >
      <LevelsChart label={`How visits felt, over time. ${summary}`} points={points} tz={tz} height={HEIGHT} muted={views < VERDICT_COUNT_MIN}
        readout={(point) => `${formatStep(point.from, point.to, tz)}: ${total(point) === 0 ? "no visits" : LEVELS.map((level) => `${formatCount(point.levels[level])} ${level}`).join(", ")}`} />
    </Figure>
  );
}

function Legend({ muted }: { muted: boolean }) {
  return (
    <ul class={`legend ${muted ? "muted" : ""}`}>
      {LEVELS.map((level) => <li key={level}><span class={`swatch ${level}`} aria-hidden="true" />{GLOSSARY[level].word}</li>)}
    </ul>
  );
}

/** The p75 of one metric over time, with its limits. */
export function MetricSeries({ answer, tz, metric }: SeriesProps & { metric: string }) {
  const rows = answer.data.filter((row) => row.metric === metric);
  const names = METRIC_NAMES[metric] ?? { name: metric, short: metric, unit: "ms" };
  const unit = rows[0]?.unit ?? names.unit;
  const points: LinePoint[] = stepsOf(rows, answer.query.to).map((row) => ({
    from: row.from, to: row.to, count: row.count, value: row.p75 ?? null, low: row.p75_low ?? null, high: row.p75_high ?? null,
  }));
  const judged = points.filter((point) => point.count >= JUDGE_COUNT_MIN && point.value !== null);
  const drawn = judged.length > 0 ? judged : points.filter((point) => point.value !== null);
  if (drawn.length === 0) return <Nothing />;
  const limits = rows.find((row) => row.limits)?.limits ?? [];
  const top = niceTop(Math.max(...drawn.map((point) => Math.min(point.high ?? 0, 2 * (point.value ?? 0)) || (point.value ?? 0)), (limits[0] ?? 0) * 1.15));
  const worst = [...drawn].sort((a, b) => (b.value ?? 0) - (a.value ?? 0))[0]!;
  const summary = `Three of four visits took at most ${formatValue(Math.min(...drawn.map((point) => point.value ?? 0)), unit)} at best, ${formatValue(worst.value ?? 0, unit)} at worst, on ${formatStep(worst.from, worst.to, tz)}.`;
  const value = (number: number | null): string => (number === null ? "– not measured" : formatValue(number, unit));
  return (
    <Figure
      summary={metric === "cls" ? summary.replace("took", "jumped by") : summary}
      columns={["Time", `${names.short} (p75)`, "Measured"]}
      rows={() => points.map((point) => [formatStep(point.from, point.to, tz), value(point.value), formatCount(point.count)])}
    >
      <LineChart label={`${names.name} over time. ${summary}`} points={points} tz={tz} height={HEIGHT} domain={[0, top]} ticks={niceTicks(0, top, 4)}
        tickLabel={(tick) => (tick === 0 ? "0" : formatLimit(tick, unit))}
        limits={[{ value: limits[0] ?? -1, name: `good up to ${formatLimit(limits[0] ?? 0, unit)}` }, { value: limits[1] ?? -1, name: `poor over ${formatLimit(limits[1] ?? 0, unit)}` }]}
        readout={(point) => `${formatStep(point.from, point.to, tz)}: ${point.value === null ? "not measured" : `${formatValue(point.value, unit)} or better for three of four, ${plural(point.count, "page view")}${trustWords(point.count)}`}`} />
    </Figure>
  );
}
