// How often each value occurred. Bins come from the server with the metric's limits as edges; every bin is drawn
// equally wide, because their spans grow with the value, and the axis names the edges.

import type { BinRow, Rating } from "../api/types.ts";
import { formatShare } from "../words/format.ts";
import { ChartArea } from "./chart-area.tsx";
import { linear, niceTicks, niceTop } from "./scale.ts";
import { MARGIN } from "./time-axis.tsx";

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

/** Where a value lies, counted in bins: whole numbers are edges. */
export function binPosition(bins: readonly BinRow[], value: number): number {
  for (const [index, bin] of bins.entries()) {
    if (value < bin.from) return index;
    if (bin.to === null) return index + 0.5;
    if (value <= bin.to) return index + (value - bin.from) / (bin.to - bin.from || 1);
  }
  return bins.length;
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
  const top = niceTop(Math.max(0, ...bins.map((bin) => bin.share ?? 0)), 3);
  const y = linear([0, top], [height - MARGIN.bottom, MARGIN.top + MARKS_HEIGHT]);
  const scale = (width: number) => linear([0, bins.length], [MARGIN.left, width - MARGIN.right]);

  function draw(width: number, cursor: number | null) {
    const x = scale(width);
    const base = height - MARGIN.bottom;
    const span = x(1) - x(0);
    const every = Math.max(1, Math.ceil(bins.length / Math.max(2, Math.floor((width - MARGIN.left) / 62))));
    const edges = bins.map((bin) => bin.from);
    const limitEdges = limits.map((limit) => binPosition(bins, limit));
    return (
      <>
        <g class="gridlines">
          {niceTicks(0, top, 3).map((tick) => (
            <g key={tick}>
              <line x1={MARGIN.left} x2={width - MARGIN.right} y1={y(tick)} y2={y(tick)} />
              <text x={MARGIN.left - 6} y={y(tick) + 4} text-anchor="end">{tick === 0 ? "0" : formatShare(tick)}</text>
            </g>
          ))}
        </g>
        {bins.map((bin, index) => (
          <rect
            key={bin.from}
            class={`bin ${ratingOf(bin, limits) ?? ""} ${cursor !== null && cursor !== index ? "dim" : ""}`}
            x={x(index) + (span > 4 ? 0.75 : 0)}
            width={Math.max(0.5, span - (span > 4 ? 1.5 : 0))}
            y={y(bin.share ?? 0)}
            height={base - y(bin.share ?? 0)}
          />
        ))}
        <g class="axis">
          <line class="base" x1={MARGIN.left} x2={width - MARGIN.right} y1={base} y2={base} />
          {edges.map((edge, index) => {
            const limit = limitEdges.some((at) => at === index);
            const nearLimit = !limit && limitEdges.some((at) => Math.abs(at - index) < every * 0.75);
            if (!limit && (index % every !== 0 || nearLimit)) return null;
            return <text key={edge} class={limit ? "strong" : undefined} x={x(index)} y={height - 5} text-anchor="middle">{format(edge)}</text>;
          })}
        </g>
        {limitEdges.map((at) => <line class="limit-line" key={at} x1={x(at)} x2={x(at)} y1={MARGIN.top + MARKS_HEIGHT - 6} y2={base} />)}
        {placeMarks(marks, (value) => x(binPosition(bins, value))).map(({ name, left, row }) => {
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
      stops={(width) => bins.map((_, index) => scale(width)(index + 0.5))}
      readout={(index) => {
        const bin = bins[index];
        return bin === undefined ? "" : readout(bin);
      }}
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
