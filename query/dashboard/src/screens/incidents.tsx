// "Whom did it hurt, and how much?" What went wrong when, and a way to tell it: by dragging over a chart, or in a form.

import { FRESH } from "../address/address.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { endsNow } from "../address/range.ts";
import { marksOf, markPaths } from "../api/beside.ts";
import { apiPath } from "../api/paths.ts";
import { partAs, useScreenData } from "../api/screen-data.ts";
import { isShared } from "../api/token.ts";
import type { IncidentRow, SeriesRow } from "../api/types.ts";
import { core } from "../words/core.ts";
import { plural } from "../words/format.ts";
import { markWords } from "../words/marks.ts";
import { metricName } from "../words/names.ts";
import type { Phrase } from "../words/phrase.ts";
import { formatTime } from "../words/time.ts";
import { useState } from "preact/hooks";
import { Headline } from "../widgets/headline.tsx";
import { lazy } from "../widgets/lazy.tsx";
import { Link } from "../widgets/link.tsx";
import { HappinessSeries } from "../widgets/series.tsx";
import { Nothing, Widget } from "../widgets/widget.tsx";

const IncidentDetail = lazy(() => import("./incidents/detail.tsx").then((file) => file.IncidentDetail));
const Declare = lazy(() => import("./incidents/declare.tsx").then((file) => file.Declare));

export default function IncidentsScreen({ tz }: { tz: string }) {
  const { id } = address.value;
  return id === null ? <AllIncidents tz={tz} /> : <IncidentDetail key={id} id={id} />;
}

function AllIncidents({ tz }: { tz: string }) {
  const here = address.value;
  const [span, setSpan] = useState<{ from: number; to: number } | null>(null);
  const data = useScreenData({ ...markPaths(here), series: apiPath(here, "series", [["metrics", "happiness"], ["step", here.step]]) }, endsNow(here.range));
  const incidents = partAs<IncidentRow[]>(data, "incidents");
  const words = markWords().incidents;
  const sentence = incidents === undefined ? null : incidents.ok ? incidentsSentence(incidents.answer.data, tz) : [{ text: words.question }];
  return (
    <>
      <Headline phrases={sentence} stale={data.stale} />
      <div class="grid">
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
      </div>
    </>
  );
}

function incidentsSentence(rows: readonly IncidentRow[], tz: string): Phrase[] {
  const words = markWords().incidents;
  if (rows.length === 0) return [{ text: words.none, strong: true }];
  const open = rows.find((row) => row.open);
  const count: Phrase = { text: words.some(plural(rows.length, ...words.incident)), strong: true };
  return [count, { text: open === undefined ? words.allOver : words.open(open.title, formatTime(Date.parse(open.from), "full", tz)) }];
}

function IncidentTable({ rows, tz }: { rows: readonly IncidentRow[]; tz: string }) {
  const words = markWords().incidents;
  const time = (at: string): string => formatTime(Date.parse(at), "full", tz);
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.all}>
      <table class="groups alerts">
        <thead>
          <tr><th scope="col">{words.columns.what}</th><th scope="col">{words.columns.from}</th><th scope="col">{words.columns.to}</th><th scope="col" class="wide">{words.columns.whom}</th></tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <th scope="row"><Link class="row" href={hrefWith({ ...FRESH, id: row.id })}>{row.title}</Link></th>
              <td>{time(row.from)}</td>
              <td>{row.to === null ? <span class="badge poor">{words.goesOn}</span> : time(row.to)}</td>
              <td class="wide">{words.source[row.source] ?? (row.author || "–")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
