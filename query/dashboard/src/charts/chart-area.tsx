// The ground of every chart: an SVG as wide as its place, a cursor for pointer and arrow keys, and a line that reads
// out what the cursor is on. Where a chart can be narrowed, dragging (or Shift and arrows, then Enter) marks a stretch.
// What is drawn is the chart's own affair.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { core } from "../words/core.ts";

interface ChartAreaProps<Item> {
  /** What the chart shows, for those who do not see it: one sentence. */
  readonly label: string;
  readonly height: number;
  /** Where the cursor can stand, left to right, in pixels of a given width. */
  readonly stops: (width: number) => readonly number[];
  /** What stands there, one a stop, and what is said of it. */
  readonly items: readonly Item[];
  readonly readout: (item: Item) => string;
  readonly draw: (width: number, cursor: number | null) => ComponentChildren;
  /** What happens with a stretch that was marked, from one stop to another, both included. */
  readonly stretch?: Stretch | undefined;
}

export interface Stretch {
  readonly chosen: (first: number, last: number) => void;
  readonly words: (first: number, last: number) => string;
}

/** Less than this many pixels are a click, and no drag. */
const DRAG_MIN_PX = 6;

export function ChartArea<Item>({ label, height, stops, items, readout, draw, stretch }: ChartAreaProps<Item>) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [cursor, setCursor] = useState<number | null>(null);
  /** Where the marked stretch began; it ends at the cursor. */
  const [anchor, setAnchor] = useState<number | null>(null);
  const pressed = useRef<number | null>(null);
  const words = core().widgets.chart;
  const at = width > 0 ? stops(width) : [];
  const current = cursor !== null && cursor < at.length ? cursor : null;
  const item = current === null ? undefined : items[current];
  const marked = stretch !== undefined && anchor !== null && current !== null && anchor < at.length ? ([Math.min(anchor, current), Math.max(anchor, current)] as const) : null;

  function choose(): void {
    if (marked === null || stretch === undefined) return;
    setAnchor(null);
    stretch.chosen(marked[0], marked[1]);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const last = at.length - 1;
    if (last < 0) return;
    const jump = Math.max(1, Math.round(at.length / 10));
    const moves: Record<string, number> = {
      ArrowRight: current === null ? 0 : current + 1,
      ArrowLeft: current === null ? last : current - 1,
      PageUp: (current ?? 0) + jump,
      PageDown: (current ?? last) - jump,
      Home: 0,
      End: last,
    };
    if (event.key === "Escape") {
      setCursor(null);
      setAnchor(null);
    }
    if (event.key === "Enter" && marked !== null) {
      event.preventDefault();
      choose();
    }
    const target = moves[event.key];
    if (target === undefined) return;
    event.preventDefault();
    setAnchor(event.shiftKey ? anchor ?? current ?? target : null);
    setCursor(Math.min(last, Math.max(0, target)));
  }

  const placeOf = (event: PointerEvent): number => event.clientX - (box.current?.getBoundingClientRect().left ?? 0);

  function onPointerDown(event: PointerEvent): void {
    if (event.button === 0) pressed.current = placeOf(event);
    setAnchor(null);
    setCursor(nearest(at, placeOf(event)));
  }

  function onPointerMove(event: PointerEvent): void {
    const place = placeOf(event);
    setCursor(nearest(at, place));
    if (stretch === undefined || pressed.current === null || Math.abs(place - pressed.current) < DRAG_MIN_PX) return;
    setAnchor(nearest(at, pressed.current));
    // The stretch may end where the pointer has left the chart.
    box.current?.setPointerCapture(event.pointerId);
  }

  function release(): void {
    pressed.current = null;
    choose();
  }

  function leave(): void {
    pressed.current = null;
    setCursor(null);
    setAnchor(null);
  }

  return (
    <>
      <div
        ref={box}
        class="chart"
        role="application"
        aria-roledescription={words.role}
        aria-label={`${label} ${words.keys}`}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onPointerMove={onPointerMove}
        onPointerDown={onPointerDown}
        onPointerUp={release}
        onPointerCancel={leave}
        onPointerLeave={leave}
        onBlur={leave}
      >
        <svg width={width || "100%"} height={height} aria-hidden="true" focusable="false">
          {width > 0 && draw(width, current)}
          {marked !== null && <rect class="stretch" x={at[marked[0]]} width={Math.max(1, (at[marked[1]] ?? 0) - (at[marked[0]] ?? 0))} y={0} height={height - 20} />}
          {current !== null && <line class="cursor" x1={at[current]} x2={at[current]} y1={0} y2={height - 20} />}
        </svg>
      </div>
      <p class="readout" aria-live="polite" data-idle={current === null ? "" : undefined}>
        {item === undefined ? words.idle : marked !== null && stretch !== undefined ? stretch.words(marked[0], marked[1]) : readout(item)}
      </p>
    </>
  );
}

function nearest(stops: readonly number[], x: number): number | null {
  let best: number | null = null;
  stops.forEach((stop, index) => {
    if (best === null || Math.abs(stop - x) < Math.abs((stops[best] ?? 0) - x)) best = index;
  });
  return best;
}

function useWidth(ref: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    setWidth(Math.floor(element.clientWidth));
    const observer = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return width;
}
