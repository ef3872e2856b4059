// How often each value occurred. Bins come from the server with the metric's limits as edges, so that some are narrower
// than the others: heights are per full step, areas tell the truth. The open bin at the end is drawn one step wide.

import type { BinRow, Rating } from "../api/types.ts";
import { formatShare } from "../words/format.ts";
import { ChartArea } from "./chart-area.tsx";
import { linear, niceTicks, niceTop } from "./scale.ts";
import { GridLines, MARGIN } from "./time-axis.tsx";

export interface Mark {
  readonly value: number;
  /** Its whole label. */
  readonly name: string;
}

interface HistogramProps {
  readonly label: string;
  readonly bins: readonly BinRow[];
  readonly limits: readonly number[];
  readonly marks: readonly Mark[];
  readonly height: number;
  /** Of edges and limits, which are round. */
  readonly format: (value: number) => string;
  readonly readout: (bin: BinRow) => string;
}

const MARKS_HEIGHT = 34;

/** The usual width of a bin: the middle one, because limits cut some in two. */
export function usualWidth(bins: readonly BinRow[]): number {
  const widths = bins.flatMap((bin) => (bin.to === null ? [] : [bin.to - bin.from])).sort((a, b) => a - b);
  return widths[Math.floor(widths.length / 2)] || 1;
}

/** Where the drawing of a bin ends. */
export function binEnd(bin: BinRow, width: number): number {
  return bin.to ?? bin.from + width;
}

/** A bin's share as if it were one step wide. */
export function binHeight(bin: BinRow, width: number): number {
  const own = binEnd(bin, width) - bin.from;
  return own > 0 ? ((bin.share ?? 0) * width) / own : 0;
}

/** A bin's rating follows from the limits when the server does not say it. */
export function ratingOf(bin: BinRow, limits: readonly number[]): Rating | null {
  if (bin.rating) return bin.rating;
  const [good, poor] = limits;
  if (good === undefined || poor === undefined) return null;
  if (bin.to !== null && bin.to <= good) return "good";
  return bin.to !== null && bin.to <= poor ? "fair" : "poor";
}

export function Histogram({ label, bins, limits, marks, height, format, readout }: HistogramProps) {
  const step = usualWidth(bins);
  const last = bins[bins.length - 1];
  const end = last === undefined ? 1 : binEnd(last, step);
  const top = niceTop(Math.max(0, ...bins.map((bin) => binHeight(bin, step))), 3);
  const y = linear([0, top], [height - MARGIN.bottom, MARGIN.top + MARKS_HEIGHT]);
  const scale = (width: number) => linear([bins[0]?.from ?? 0, end], [MARGIN.left, width - MARGIN.right]);

  function draw(width: number, cursor: number | null) {
    const x = scale(width);
    const base = height - MARGIN.bottom;
    const ticks = niceTicks(0, last?.from ?? end, Math.max(2, Math.floor((width - MARGIN.left) / 70)));
    const crowded = (tick: number): boolean => limits.some((limit) => Math.abs(x(limit) - x(tick)) < 40);
    // Beyond the last edge a mark can only say that it is somewhere there.
    const place = (value: number): number => x(last !== undefined && value > last.from ? last.from + step / 2 : value);
    return (
      <>
        <GridLines ticks={niceTicks(0, top, 3)} y={y} width={width} label={(tick) => (tick === 0 ? "0" : formatShare(tick))} />
        {bins.map((bin, index) => (
          <rect
            key={bin.from}
            class={`bin ${ratingOf(bin, limits) ?? ""} ${cursor !== null && cursor !== index ? "dim" : ""}`}
            x={x(bin.from) + 0.75}
            width={Math.max(0.5, x(binEnd(bin, step)) - x(bin.from) - 1.5)}
            y={y(binHeight(bin, step))}
            height={base - y(binHeight(bin, step))}
          />
        ))}
        <g class="axis">
          <line class="base" x1={MARGIN.left} x2={width - MARGIN.right} y1={base} y2={base} />
          {ticks.filter((tick) => !crowded(tick)).map((tick) => <text key={tick} x={x(tick)} y={height - 5} text-anchor="middle">{format(tick)}</text>)}
          {limits.map((limit) => <text key={limit} class="strong" x={x(limit)} y={height - 5} text-anchor="middle">{format(limit)}</text>)}
        </g>
        {limits.map((limit) => <line class="limit-line" key={limit} x1={x(limit)} x2={x(limit)} y1={MARGIN.top + MARKS_HEIGHT - 6} y2={base} />)}
        {placeMarks(marks, place).map(({ name, left, row }) => {
          const anchor = left > width - 70 ? "end" : left < MARGIN.left + 60 ? "start" : "middle";
          return (
            <g class="mark" key={name}>
              <line x1={left} x2={left} y1={MARGIN.top + 8 + row * 14} y2={base} />
              <text x={left} y={MARGIN.top + 4 + row * 14} text-anchor={anchor}>{name}</text>
            </g>
          );
        })}
      </>
    );
  }

  return (
    <ChartArea
      label={label}
      height={height}
      stops={(width) => bins.map((bin) => scale(width)((bin.from + binEnd(bin, step)) / 2))}
      items={bins}
      readout={readout}
      draw={draw}
    />
  );
}

/** Marks whose names would overlap go to the second row. */
function placeMarks(marks: readonly Mark[], x: (value: number) => number): (Mark & { left: number; row: number })[] {
  let lastLeft = -Infinity;
  let lastRow = 1;
  return marks.map((mark) => {
    const left = x(mark.value);
    const row = left - lastLeft < 130 ? 1 - lastRow : 0;
    lastLeft = left;
    lastRow = row;
    return { ...mark, left, row };
  });
}
