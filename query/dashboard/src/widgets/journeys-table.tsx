// All journeys: how many set out, how many got to the end, and what those who did not had in their hands.

import { hrefWith } from "../address/navigate.ts";
import type { JourneyRow } from "../api/visits.ts";
import { ShareBar } from "../charts/share-bar.tsx";
import { confidence } from "../stats/happiness.ts";
import { formatCount, formatDuration, formatScore, formatShare } from "../words/format.ts";
import { journeyWords } from "../words/journeys.ts";
import { formatMoney } from "../words/money.ts";
import { Link } from "./link.tsx";
import { Explained, Missing } from "./term.tsx";

interface JourneysTableProps {
  readonly rows: readonly JourneyRow[];
  /** The same journeys in the compared time, named by `than`. */
  readonly before: readonly JourneyRow[];
  readonly than: string;
}

export function JourneysTable({ rows, before, than }: JourneysTableProps) {
  const words = journeyWords();
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.title}>
      <table class="groups">
        <thead>
          <tr>
            <th scope="col">{words.name}</th>
            <th scope="col" class="number">{words.completion}</th>
            <th scope="col" class="number">{words.left}</th>
            <th scope="col" class="number"><Explained entry={{ word: words.lost, meaning: words.lostMeaning }}>{words.lost}</Explained></th>
            <th scope="col" class="number">{words.started}</th>
            <th scope="col" class="number">{words.time}</th>
            <th scope="col" class="number">{words.happiness}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <th scope="row"><Link class="row" href={hrefWith({ id: row.id })}>{row.name}</Link></th>
              <td class="number"><CompletionCell row={row} before={before.find(({ id }) => id === row.id)} than={than} /></td>
              <td class="number">{row.started > 0 ? formatCount(row.abandoned) : <Missing />}</td>
              <td class="number">{row.lost_amount === null ? <Missing why={words.notTold} /> : formatMoney(row.lost_amount, row.currency)}</td>
              <td class="number">{formatCount(row.started)}</td>
              <td class="number">{row.median_s === null ? <Missing why={words.nobody} /> : formatDuration(row.median_s * 1000)}</td>
              <td class="number"><MoodCell value={row.happiness} count={row.judged ?? row.started} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
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
