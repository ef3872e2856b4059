// A value over time with its band of chance, and the compared time as a second line. Gaps stay gaps; stretches with too
// few views are thin and grey.

import { confidence, VERDICT_COUNT_MIN, JUDGE_COUNT_MIN } from "../stats/happiness.ts";
import { core } from "../words/core.ts";
import { ChartArea, type Stretch } from "./chart-area.tsx";
import { Marks, type TimeMark } from "./marks.tsx";
import { bandPath, linePath, runs } from "./path.ts";
import { linear } from "./scale.ts";
import { GridLines, MARGIN, middles, type Step, TimeAxis, timeScale } from "./time-axis.tsx";

export interface LinePoint extends Step {
  readonly count: number;
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

interface LineChartProps {
  readonly label: string;
  readonly points: readonly LinePoint[];
  readonly tz: string;
  readonly height: number;
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  readonly tickLabel: (value: number) => string;
  readonly readout: (point: LinePoint) => string;
  /** A limit worth a line of its own, with its name. */
  readonly limits?: readonly { value: number; name: string }[];
  /** The compared time, moved to where it stands beside this one. */
  readonly compared?: readonly LinePoint[];
  readonly marks?: readonly TimeMark[];
  readonly stretch?: Stretch | undefined;
}

type Placed = LinePoint & { readonly x: number };

export function LineChart({ label, points, tz, height, domain, ticks, tickLabel, readout, limits = [], compared = [], marks = [], stretch }: LineChartProps) {
  const y = linear(domain, [height - MARGIN.bottom, MARGIN.top]);
  const clamp = (value: number): number => y(Math.min(domain[1], Math.max(domain[0], value)));

  function draw(width: number, cursor: number | null) {
    const xs = middles(points, width);
    const placed: Placed[] = points.map((point, index) => ({ ...point, x: xs[index] ?? 0 }));
    const measured = runs(placed, (point) => point.value !== null);
    const sure = runs(placed, (point) => point.value !== null && point.count >= JUDGE_COUNT_MIN);
    const marked = cursor === null ? undefined : placed[cursor];
    const x = timeScale(points, width);
    const beside = runs(compared.filter((point) => x(point.from) >= MARGIN.left - 1 && x(point.to) <= width - MARGIN.right + 1), (point) => point.value !== null && point.count >= JUDGE_COUNT_MIN);
    const line = (run: readonly Placed[]): string => linePath(run.map((point) => ({ x: point.x, y: clamp(point.value ?? 0) })));
    return (
      <>
        <GridLines ticks={ticks} y={y} width={width} label={tickLabel} />
        <Marks marks={marks} steps={points} width={width} height={height} />
        {beside.map((run) => <path class="line compared" key={`c${run[0]?.from}`} d={linePath(run.map((point) => ({ x: x((point.from + point.to) / 2), y: clamp(point.value ?? 0) })))} />)}
        {sure.map((run) => (
          <path class="band" key={`b${run[0]?.from}`} d={bandPath(
            run.map((point) => ({ x: point.x, y: clamp(point.high ?? point.value ?? 0) })),
            run.map((point) => ({ x: point.x, y: clamp(point.low ?? point.value ?? 0) })),
          )} />
        ))}
        {measured.map((run) => <path class="line faint" key={`f${run[0]?.from}`} d={line(run)} />)}
        {sure.map((run) => <path class="line" key={`l${run[0]?.from}`} d={line(run)} />)}
        {limits.filter((limit) => limit.value > domain[0] && limit.value < domain[1]).map((limit) => (
          <g class="limit" key={limit.name}>
            <line x1={MARGIN.left} x2={width - MARGIN.right} y1={y(limit.value)} y2={y(limit.value)} />
            <text x={MARGIN.left + 4} y={y(limit.value) - 4}>{limit.name}</text>
          </g>
        ))}
        {placed.map((point, index) => {
          // A lone point has no line: it needs a dot. One with too few views gets a hollow one.
          if (point.value === null) return null;
          const lone = placed[index - 1]?.value == null && placed[index + 1]?.value == null;
          const few = point.count < JUDGE_COUNT_MIN;
          if (!lone && !(few && placed.length <= 60)) return null;
          return <circle class={few ? "dot few" : "dot"} key={point.from} cx={point.x} cy={clamp(point.value)} r={few ? 2 : 3} />;
        })}
        {marked?.value != null && <circle class={marked.count < VERDICT_COUNT_MIN ? "dot few" : "dot"} cx={marked.x} cy={clamp(marked.value)} r={4.5} />}
        <TimeAxis steps={points} tz={tz} width={width} height={height} />
      </>
    );
  }

  return (
    <ChartArea
      label={label}
      height={height}
      stops={(width) => middles(points, width)}
      items={points}
      readout={readout}
      draw={draw}
      stretch={stretch}
    />
  );
}

/** "too few to judge" and "few visits", to be said after a value. */
export function trustWords(count: number): string {
  const trust = confidence(count);
  const words = core().widgets.trust;
  if (trust === "few") return `, ${words.few}`;
  return trust === "small" ? `, ${words.small}` : "";
}
