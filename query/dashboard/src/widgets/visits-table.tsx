// A row for each visit: when, how it felt, what hurt, and whose it was as far as is known.

import { hrefWith } from "../address/navigate.ts";
import type { SessionRow } from "../api/visits.ts";
import { formatCount, formatDuration, plural } from "../words/format.ts";
import { core } from "../words/core.ts";
import { valueName } from "../words/names.ts";
import { sessionWords } from "../words/sessions.ts";
import { formatTime } from "../words/time.ts";
import { Felt } from "./felt.tsx";
import { Link } from "./link.tsx";
import { Explained, Missing } from "./term.tsx";

export const visitHref = (id: string): string => hrefWith({ screen: "sessions", id });

/** "Mobile, Chrome, India": what is known of a visitor. */
export function visitorWords(row: SessionRow): string {
  return [row.device && valueName("device", row.device), row.browser, row.country && valueName("country", row.country)].filter(Boolean).join(", ");
}

export function VisitsTable({ rows, tz }: { rows: readonly SessionRow[]; tz: string }) {
  const words = sessionWords();
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.title}>
      <table class="groups visits">
        <thead>
          <tr>
            <th scope="col">{words.began}</th>
            <th scope="col"><Explained entry={{ word: words.felt, meaning: words.feltMeaning }}>{words.felt}</Explained></th>
            <th scope="col">{words.cause}</th>
            <th scope="col" class="number">{words.pages}</th>
            <th scope="col">{words.way}</th>
            <th scope="col">{words.visitor}</th>
            <th scope="col">{words.trouble}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id ?? row.session + row.started_at}>
              <th scope="row"><Link class="row" href={visitHref(row.id ?? row.session)}>{formatTime(Date.parse(row.started_at), "full", tz)}</Link></th>
              <td>{row.points === null ? <Missing /> : <><Felt level={row.worst_level} /> <span class="hint">{words.score(formatCount(row.points), "8")}</span></>}</td>
              <td>{row.cause === null ? <Missing why={words.noTrouble} /> : core().names.causes[row.cause].brief}</td>
              <td class="number" title={formatDuration(row.duration_ms)}>{formatCount(row.views)}</td>
              <td class="way">{row.entry_page}{row.exit_page !== row.entry_page && ` → ${row.exit_page}`}</td>
              <td>{visitorWords(row) || <Missing />}</td>
              <td>{troubles(row) || <Missing why={words.noTrouble} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function troubles(row: SessionRow): string {
  const words = sessionWords();
  const counted = ([[row.failed_views, words.failed], [row.errors, words.error], [row.rage_clicks, words.rage]] as const).flatMap(([count, noun]) => (count > 0 ? [plural(count, ...noun)] : []));
  return [...counted, row.has_feedback ? words.said : ""].filter(Boolean).join(", ");
}
