// A row for each visit: when, how it felt, what hurt, and whose it was as far as is known.

import { hrefWith } from "../address/navigate.ts";
import type { SessionRow } from "../api/visits.ts";
import { formatCount, formatDuration, plural } from "../words/format.ts";
import { core } from "../words/core.ts";
import { valueName } from "../words/names.ts";
import { sessionWords } from "../words/sessions.ts";
import { formatAt } from "../words/time.ts";
import { Felt } from "./felt.tsx";
import { Link } from "./link.tsx";
import { Table } from "./table.tsx";
import { Explained, known, Missing } from "./term.tsx";

export const visitHref = (id: string): string => hrefWith({ screen: "sessions", id });

/** "Mobile, Chrome, India": what is known of a visitor. */
export function visitorWords(row: SessionRow): string {
  return [row.device && valueName("device", row.device), row.browser, row.country && valueName("country", row.country)].filter(Boolean).join(", ");
}

export function VisitsTable({ rows, tz }: { rows: readonly SessionRow[]; tz: string }) {
  const words = sessionWords();
  return (
    <Table label={words.title} class="groups visits" rows={rows} by={(row) => row.id ?? row.session + row.started_at} columns={[
      [words.began, (row) => <Link class="row" href={visitHref(row.id ?? row.session)}>{formatAt(row.started_at, tz)}</Link>],
      [<Explained entry={{ word: words.felt, meaning: words.feltMeaning }} />,
        (row) => (row.points === null ? <Missing /> : <><Felt level={row.worst_level} /> <span class="hint">{words.score(formatCount(row.points), "8")}</span></>)],
      [words.cause, (row) => known(row.cause, (cause) => core().names.causes[cause].brief, words.noTrouble)],
      [words.pages, (row) => <span title={formatDuration(row.duration_ms)}>{formatCount(row.views)}</span>, "number"],
      [words.way, (row) => <>{row.entry_page}{row.exit_page !== row.entry_page && ` → ${row.exit_page}`}</>, "way"],
      [words.visitor, (row) => visitorWords(row) || <Missing />],
      [words.trouble, (row) => troubles(row) || <Missing why={words.noTrouble} />],
    ]} />
  );
}

function troubles(row: SessionRow): string {
  const words = sessionWords();
  const counted = ([[row.failed_views, words.failed], [row.errors, words.error], [row.rage_clicks, words.rage]] as const).flatMap(([count, noun]) => (count > 0 ? [plural(count, ...noun)] : []));
  return [...counted, row.has_feedback ? words.said : ""].filter(Boolean).join(", ");
}
