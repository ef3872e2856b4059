// SVG paths of measured points. A gap stays a gap: nothing is drawn across what was not measured.

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The stretches of consecutive items that hold; each with the position it starts at. */
export function runs<T>(items: readonly T[], holds: (item: T) => boolean): T[][] {
  const found: T[][] = [];
  let current: T[] = [];
  for (const item of items) {
    if (holds(item)) current.push(item);
    else if (current.length > 0) {
      found.push(current);
      current = [];
    }
  }
  if (current.length > 0) found.push(current);
  return found;
}

const at = (value: number): string => String(Math.round(value * 10) / 10);

export function linePath(points: readonly Point[]): string {
  return points.map((point, index) => `${index === 0 ? "M" : "L"}${at(point.x)} ${at(point.y)}`).join("");
}

/** The area between an upper and a lower line over the same x. */
export function bandPath(upper: readonly Point[], lower: readonly Point[]): string {
  if (upper.length === 0) return "";
  return `${linePath(upper)}${[...lower].reverse().map((point) => `L${at(point.x)} ${at(point.y)}`).join("")}Z`;
}
