// One bar of shares. Its meaning always stands beside it in words: the bar itself is silent for screen readers.

export interface BarPart {
  /** Also the class that colours it. */
  readonly name: string;
  readonly share: number;
}

export function ShareBar({ parts, muted = false, size = "small" }: { parts: readonly BarPart[]; muted?: boolean; size?: "small" | "large" }) {
  let left = 0;
  return (
    <svg class={`share-bar ${size} ${muted ? "muted" : ""}`} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      {parts.map(({ name, share }) => {
        const x = left;
        left += share * 100;
        return share > 0 && <rect key={name} class={name} x={x} width={share * 100} y={0} height={10} />;
      })}
    </svg>
  );
}
