// A rating as a shape of its own, beside its colour and word: a disc, a square, a triangle, and a bar where there is nothing to rate.

interface ShapeProps {
  readonly of: "good" | "fair" | "poor" | "none";
  readonly class?: string;
  readonly size?: number;
}

export function Shape({ of, class: own, size = 9 }: ShapeProps) {
  return (
    <svg class={own} viewBox="0 0 10 10" width={size} height={size} aria-hidden="true" focusable="false">
      {of === "good" ? <circle cx="5" cy="5" r="4.5" /> : <path d={of === "fair" ? "M1 1h8v8H1z" : of === "poor" ? "M5 .5 9.8 9.5H.2z" : "M1 4h8v2H1z"} />}
    </svg>
  );
}
