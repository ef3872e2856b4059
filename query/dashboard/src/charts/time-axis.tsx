// The time axis and the horizontal lines that time charts share.

import { formatTime } from "../words/time.ts";
import { linear, type Scale, timeTicks } from "./scale.ts";

/** Room around the drawing, in pixels. */
export const MARGIN = { top: 8, right: 10, bottom: 22, left: 48 } as const;

/** One step of a series: half-open, in ms. */
export interface Step {
  readonly from: number;
  readonly to: number;
}

export function timeScale(steps: readonly Step[], width: number): Scale {
  const from = steps[0]?.from ?? 0;
  const to = steps[steps.length - 1]?.to ?? 1;
  return linear([from, to], [MARGIN.left, width - MARGIN.right]);
}

/** The middle of each step, where its mark stands. */
export function middles(steps: readonly Step[], width: number): number[] {
  const x = timeScale(steps, width);
  return steps.map((step) => x((step.from + step.to) / 2));
}

export function TimeAxis({ steps, tz, width, height }: { steps: readonly Step[]; tz: string; width: number; height: number }) {
  const from = steps[0]?.from ?? 0;
  const to = steps[steps.length - 1]?.to ?? 1;
  const x = timeScale(steps, width);
  const ticks = timeTicks(from, to, tz, Math.floor((width - MARGIN.left) / 60));
  const base = height - MARGIN.bottom;
  return (
    <g class="axis">
      <line class="base" x1={MARGIN.left} x2={width - MARGIN.right} y1={base} y2={base} />
      {ticks.at.map((at) => {
        const left = x(at);
        // A label that would leave the drawing is left out; its mark stays.
        const fits = left > MARGIN.left + 12 && left < width - MARGIN.right - 14;
        return (
          <g key={at}>
            <line class="tick" x1={left} x2={left} y1={base} y2={base + 4} />
            {fits && <text x={left} y={height - 5} text-anchor="middle">{formatTime(at, ticks.style, tz)}</text>}
          </g>
        );
      })}
    </g>
  );
}

export function GridLines({ ticks, y, width, label }: { ticks: readonly number[]; y: Scale; width: number; label: (value: number) => string }) {
  return (
    <g class="gridlines">
      {ticks.map((tick) => (
        <g key={tick}>
          <line x1={MARGIN.left} x2={width - MARGIN.right} y1={y(tick)} y2={y(tick)} />
          <text x={MARGIN.left - 6} y={y(tick) + 4} text-anchor="end">{label(tick)}</text>
        </g>
      ))}
    </g>
  );
}
