// The ground of every chart: an SVG as wide as its place, a cursor for pointer and arrow keys, and a line that
// reads out what the cursor is on. What is drawn is the chart's own affair.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface ChartAreaProps {
  /** What the chart shows, for those who do not see it: one sentence. */
  readonly label: string;
  readonly height: number;
  /** Where the cursor can stand, left to right, in pixels of a given width. */
  readonly stops: (width: number) => readonly number[];
  readonly readout: (index: number) => string;
  readonly draw: (width: number, cursor: number | null) => ComponentChildren;
}

export function ChartArea({ label, height, stops, readout, draw }: ChartAreaProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [cursor, setCursor] = useState<number | null>(null);
  const at = width > 0 ? stops(width) : [];
  const current = cursor !== null && cursor < at.length ? cursor : null;

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
    if (event.key === "Escape") setCursor(null);
    const target = moves[event.key];
    if (target === undefined) return;
    event.preventDefault();
    setCursor(Math.min(last, Math.max(0, target)));
  }

  function onPointerMove(event: PointerEvent): void {
    const left = box.current?.getBoundingClientRect().left ?? 0;
    setCursor(nearest(at, event.clientX - left));
  }

  return (
    <>
      <div
        ref={box}
        class="chart"
        role="application"
        aria-roledescription="chart"
        aria-label={`${label} Use the arrow keys to read single values.`}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onPointerMove={onPointerMove}
        onPointerDown={onPointerMove}
        onPointerLeave={() => setCursor(null)}
        onBlur={() => setCursor(null)}
      >
        <svg width={width || "100%"} height={height} aria-hidden="true" focusable="false">
          {width > 0 && draw(width, current)}
          {current !== null && <line class="cursor" x1={at[current]} x2={at[current]} y1={0} y2={height - 20} />}
        </svg>
      </div>
      <p class="readout" aria-live="polite" data-idle={current === null ? "" : undefined}>
        {current === null ? "Point at the chart, or use the arrow keys." : readout(current)}
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
