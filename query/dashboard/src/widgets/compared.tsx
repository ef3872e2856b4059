// A figure beside what it is compared with: better or worse, by how much, or that chance may have made it.

import { address } from "../address/navigate.ts";
import type { CompareRow } from "../api/types.ts";
import { vsWords } from "../words/compare.ts";
import { core } from "../words/core.ts";
import { formatInterval, formatScore, formatValue } from "../words/format.ts";

/** The value of either side, in its unit. */
export function comparedValue(row: CompareRow, value: number | null): string {
  return value === null ? core().widgets.chart.notMeasured : row.stat === "score" ? formatScore(value) : formatValue(value, row.unit);
}

export function differenceWords(row: CompareRow): string {
  const size = Math.abs(row.difference ?? 0);
  return row.stat === "score" ? core().widgets.compared.points(formatScore(size)) : formatValue(size, row.unit);
}

/** `than` says what it is compared with, where that is not the screen's own comparison. */
export function Verdict({ row, tz, than: stated }: { row: CompareRow; tz: string; than?: string }) {
  const { vs } = address.value;
  const words = core().widgets.compared;
  const than = stated ?? (vs === null ? "" : vsWords(vs, tz));
  const said = row.verdict === "better" || row.verdict === "worse" ? words[row.verdict](differenceWords(row), than) : words[row.verdict](than);
  const span = row.stat === "score" && row.difference_low !== null && row.difference_high !== null ? `${formatInterval(row.difference_low, row.difference_high)}. ` : "";
  return <span class={`verdict ${row.verdict}`} title={row.vs_value === null ? undefined : `${span}${words.was(comparedValue(row, row.vs_value))}`}>{said.trim().replace(/,$/, "")}</span>;
}

/** The line under a figure; nothing where nothing is compared. */
export function ComparedLine({ row, tz }: { row: CompareRow | undefined; tz: string }) {
  return row === undefined ? null : <p class="compared-line"><Verdict row={row} tz={tz} /></p>;
}
