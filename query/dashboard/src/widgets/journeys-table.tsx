// All journeys: how many set out, how many got to the end, and what those who did not had in their hands.

import { hrefWith } from "../address/navigate.ts";
import type { JourneyRow } from "../api/visits.ts";
import { ShareBar } from "../charts/share-bar.tsx";
import { confidence } from "../stats/happiness.ts";
import { formatCount, formatDuration, formatScore, formatShare } from "../words/format.ts";
import { journeyWords } from "../words/journeys.ts";
import { formatMoney } from "../words/money.ts";
import { Link } from "./link.tsx";
import { Table } from "./table.tsx";
import { Explained, known, Missing } from "./term.tsx";

interface JourneysTableProps {
  readonly rows: readonly JourneyRow[];
  /** The same journeys in the compared time, named by `than`. */
  readonly before: readonly JourneyRow[];
  readonly than: string;
}

export function JourneysTable({ rows, before, than }: JourneysTableProps) {
  const words = journeyWords();
  return (
    <Table label={words.title} class="groups" rows={rows} by={(row) => row.id} columns={[
      [words.name, (row) => <Link class="row" href={hrefWith({ id: row.id })}>{row.name}</Link>],
      [words.completion, (row) => <CompletionCell row={row} before={before.find(({ id }) => id === row.id)} than={than} />, "number"],
      [words.left, (row) => (row.started > 0 ? formatCount(row.abandoned) : <Missing />), "number"],
      [<Explained entry={{ word: words.lost, meaning: words.lostMeaning }} />, (row) => known(row.lost_amount, (amount) => formatMoney(amount, row.currency), words.notTold), "number"],
      [words.started, (row) => formatCount(row.started), "number"],
      [words.time, (row) => known(row.median_s, (seconds) => formatDuration(seconds * 1000), words.nobody), "number"],
      [words.happiness, (row) => <MoodCell value={row.happiness} count={row.judged ?? row.started} />, "number"],
    ]} />
  );
}

function CompletionCell({ row, before, than }: { row: JourneyRow; before: JourneyRow | undefined; than: string }) {
  const trust = confidence(row.started);
  if (trust === "none" || row.completion === null) return <Missing />;
  if (trust === "few") return <span class="few">{journeyWords().tooFew}</span>;
  return (
    <span class={`happiness-cell ${trust}`}>
      {before?.completion != null && confidence(before.started) !== "few" && <span class="hint" title={than}>{journeyWords().was(formatShare(before.completion))}</span>}
      <b>{formatShare(row.completion)}</b>
      <ShareBar muted={trust !== "ok"} parts={[{ name: "plain", share: row.completion }]} />
    </span>
  );
}

/** A happiness of which only the number is known. */
export function MoodCell({ value, count }: { value: number | null; count: number }) {
  const trust = confidence(count);
  if (value === null || trust === "none") return <Missing />;
  return trust === "few" ? <span class="few">{journeyWords().tooFew}</span> : <span class={trust === "small" ? "hint" : ""}>{formatScore(value)}</span>;
}
