// "Whom did it hurt, and how much?" What went wrong when, and a way to tell it: by dragging over a chart, or in a form.

import { FRESH } from "../address/address.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { markPaths, marksOf } from "../api/beside.ts";
import { apiPath } from "../api/paths.ts";
import { partAs, useScreenData } from "../api/screen-data.ts";
import { isShared } from "../api/token.ts";
import type { IncidentRow, SeriesRow } from "../api/types.ts";
import { core } from "../words/core.ts";
import { plural } from "../words/format.ts";
import { markWords } from "../words/marks.ts";
import { metricName } from "../words/names.ts";
import type { Phrase } from "../words/phrase.ts";
import { formatAt } from "../words/time.ts";
import { useState } from "preact/hooks";
import { Link } from "../widgets/link.tsx";
import { Screen, sentenceOf } from "../widgets/screen.tsx";
import { HappinessSeries } from "../widgets/series.tsx";
import { Table } from "../widgets/table.tsx";
import { Nothing, Widget } from "../widgets/widget.tsx";
import { Declare } from "./incidents/declare.tsx";
import { IncidentDetail } from "./incidents/detail.tsx";

export function IncidentsScreen({ tz }: { tz: string }) {
  const { id } = address.value;
  return id === null ? <AllIncidents tz={tz} /> : <IncidentDetail key={id} id={id} />;
}

function AllIncidents({ tz }: { tz: string }) {
  const here = address.value;
  const [span, setSpan] = useState<{ from: number; to: number } | null>(null);
  const data = useScreenData({ ...markPaths(here), series: apiPath(here, "series", [["metrics", "happiness"], ["step", here.step]]) });
  const words = markWords().incidents;
  return (
    <Screen data={data} phrases={sentenceOf(partAs<IncidentRow[]>(data, "incidents"), words.question, (rows) => incidentsSentence(rows, tz))}>
      <Widget<IncidentRow[]> class="w-full table-card" title={words.all} data={data} part="incidents">
        {(answer) => (answer.data.length === 0 ? <Nothing>{words.none} {words.teach}</Nothing> : <IncidentTable rows={answer.data} tz={tz} />)}
      </Widget>
      <Widget<SeriesRow[]> class={`${isShared() ? "w-full" : "w-wide"} chart-card`} title={isShared() ? core().sentences.titles.overTime(metricName("happiness")) : words.course} data={data} part="series">
        {(answer) => <HappinessSeries answer={answer} tz={tz} marks={marksOf(data)} dragged={isShared() ? undefined : (from, to) => setSpan({ from, to })} />}
      </Widget>
      {!isShared() && (
        <section class="card w-third" aria-labelledby="declare">
          <header><h2 id="declare">{words.declare}</h2></header>
          <Declare key={span === null ? "" : `${span.from}`} span={span} tz={tz} />
        </section>
      )}
    </Screen>
  );
}

function incidentsSentence(rows: readonly IncidentRow[], tz: string): Phrase[] {
  const words = markWords().incidents;
  if (rows.length === 0) return [{ text: words.none, strong: true }];
  const open = rows.find((row) => row.open);
  const count: Phrase = { text: words.some(plural(rows.length, ...words.incident)), strong: true };
  return [count, { text: open === undefined ? words.allOver : words.open(open.title, formatAt(open.from, tz)) }];
}

function IncidentTable({ rows, tz }: { rows: readonly IncidentRow[]; tz: string }) {
  const words = markWords().incidents;
  const time = (at: string): string => formatAt(at, tz);
  return (
    <Table label={words.all} class="groups alerts" rows={rows} by={(row) => row.id} columns={[
      [words.columns.what, (row) => <Link class="row" href={hrefWith({ ...FRESH, id: row.id })}>{row.title}</Link>],
      [words.columns.from, (row) => time(row.from)],
      [words.columns.to, (row) => (row.to === null ? <span class="badge poor">{words.goesOn}</span> : time(row.to))],
      [words.columns.whom, (row) => words.source[row.source] ?? (row.author || "–"), "wide"],
    ]} />
  );
}
