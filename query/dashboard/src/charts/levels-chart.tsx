// The four levels stacked over time: how many visits, and how they felt.

import { LEVELS, type Level, type LevelCounts } from "../stats/happiness.ts";
import { formatCompact } from "../words/format.ts";
import { ChartArea, type Stretch } from "./chart-area.tsx";
import { Marks, type TimeMark } from "./marks.tsx";
import { linear, niceTicks, niceTop } from "./scale.ts";
import { GridLines, MARGIN, middles, type Step, timeScale, TimeAxis } from "./time-axis.tsx";

export interface LevelsPoint extends Step {
  readonly levels: LevelCounts;
}

interface LevelsChartProps {
  readonly label: string;
  readonly points: readonly LevelsPoint[];
  readonly tz: string;
  readonly height: number;
  readonly readout: (point: LevelsPoint) => string;
  /** Too few in all for colours. */
  readonly muted: boolean;
  readonly marks?: readonly TimeMark[];
  readonly stretch?: Stretch | undefined;
}

export function LevelsChart({ label, points, tz, height, readout, muted, marks = [], stretch }: LevelsChartProps) {
  const total = (point: LevelsPoint): number => LEVELS.reduce((sum, level) => sum + point.levels[level], 0);
  // Views are whole: an axis of halves would be absurd.
  const top = niceTop(Math.max(4, ...points.map(total)));
  const y = linear([0, top], [height - MARGIN.bottom, MARGIN.top]);

  function draw(width: number, cursor: number | null) {
    const x = timeScale(points, width);
    return (
      <>
        <GridLines ticks={niceTicks(0, top, 4)} y={y} width={width} label={formatCompact} />
        {points.map((point, index) => {
          const left = x(point.from);
          const span = x(point.to) - left;
          const gap = span > 6 ? 1.5 : span > 3 ? 0.5 : 0;
          return (
            <g key={point.from} class={`${muted ? "muted" : ""} ${cursor !== null && cursor !== index ? "dim" : ""}`}>
              {stack(point.levels).map(({ level, from, to }) => (
                <rect class={`level ${level}`} key={level} x={left + gap / 2} width={Math.max(0.5, span - gap)} y={y(to)} height={Math.max(0, y(from) - y(to))} />
              ))}
            </g>
          );
        })}
        <Marks marks={marks} steps={points} width={width} height={height} />
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

/** Brutal at the bottom: what should shrink stands on the base line, where heights compare best. */
function stack(levels: LevelCounts): { level: Level; from: number; to: number }[] {
  let from = 0;
  return [...LEVELS].reverse().flatMap((level) => {
    const count = levels[level];
    if (count <= 0) return [];
    const part = { level, from, to: from + count };
    from += count;
    return [part];
  });
}
