// What happened on a time chart: releases as flags, incidents as shaded stretches, notes as dots at the top.

import { MARGIN, type Step, timeScale } from "./time-axis.tsx";

export interface TimeMark {
  readonly kind: "release" | "incident" | "note";
  readonly from: number;
  /** Null for an instant. */
  readonly to: number | null;
  readonly name: string;
}

/** The marks that fall into a step, to be said with it. */
export function marksIn(marks: readonly TimeMark[], step: Step): readonly TimeMark[] {
  return marks.filter((mark) => mark.from < step.to && (mark.to ?? mark.from + 1) > step.from);
}

export function Marks({ marks, steps, width, height }: { marks: readonly TimeMark[]; steps: readonly Step[]; width: number; height: number }) {
  const x = timeScale(steps, width);
  const inside = (at: number): number => Math.min(width - MARGIN.right, Math.max(MARGIN.left, x(at)));
  const shown = marks.filter((mark) => x(mark.to ?? mark.from) >= MARGIN.left && x(mark.from) <= width - MARGIN.right);
  const base = height - MARGIN.bottom;
  return (
    <g class="marks">
      {shown.map((mark) => {
        const left = inside(mark.from);
        if (mark.kind === "incident") {
          const right = inside(mark.to ?? mark.from);
          return <rect key={`${mark.kind}${mark.from}${mark.name}`} class="incident" x={left} width={Math.max(2, right - left)} y={MARGIN.top} height={base - MARGIN.top} />;
        }
        return (
          <g key={`${mark.kind}${mark.from}${mark.name}`} class={mark.kind}>
            <line x1={left} x2={left} y1={MARGIN.top} y2={base} />
            {mark.kind === "release" ? <path d={`M${left} ${MARGIN.top}l8 4-8 4z`} /> : <circle cx={left} cy={MARGIN.top} r={3} />}
          </g>
        );
      })}
    </g>
  );
}
