// How fine the time charts are. Fewer visits want longer steps; by default they are as long as that needs.

import type { Step } from "../address/address.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { partAs, type ScreenData } from "../api/screen-data.ts";
import type { SeriesRow } from "../api/types.ts";
import { Choice } from "./choice.tsx";
import { core } from "../words/core.ts";

/** The most points the API answers. */
const POINTS_MAX = 1000;
const CHOICES: readonly { step: Step; ms: number }[] = [
  { step: "1m", ms: 60_000 },
  { step: "5m", ms: 300_000 },
  { step: "1h", ms: 3_600_000 },
  { step: "1d", ms: 86_400_000 },
];

export function StepChoice({ data, part: name }: { data: ScreenData; part: string }) {
  const part = partAs<SeriesRow[]>(data, name);
  const { from, to } = part?.ok ? part.answer.query : {};
  if (from === undefined || to === undefined) return null;
  const span = Date.parse(to) - Date.parse(from);
  // At least three points, and never more than the API gives; three choices are enough.
  const possible = CHOICES.filter(({ ms }) => span / ms >= 3 && span / ms <= POINTS_MAX).slice(-3);
  if (possible.length < 2) return null;
  const words = core().widgets.steps;
  const chosen = address.value.step;
  return (
    <Choice label={words.label} options={[
      [words.auto, hrefWith({ step: null }), chosen === null, words.autoTitle],
      ...possible.map(({ step }) => [words.names[step], hrefWith({ step }), chosen === step] as const),
    ]} />
  );
}
