// "Do we keep what we promised?" All promises with their budgets, and who is being told; one of them in full.

import { FRESH } from "../address/address.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { sitePath } from "../api/paths.ts";
import { type Alert, type Slo, SLO_STATUSES } from "../api/promise-types.ts";
import { partAs, useScreenData } from "../api/screen-data.ts";
import { ShareBar } from "../charts/share-bar.tsx";
import { formatShare } from "../words/format.ts";
import type { Phrase } from "../words/phrase.ts";
import { promiseWords } from "../words/promises.ts";
import { formatTime } from "../words/time.ts";
import { Headline } from "../widgets/headline.tsx";
import { Link } from "../widgets/link.tsx";
import { Missing } from "../widgets/term.tsx";
import { Nothing, Widget } from "../widgets/widget.tsx";
import { AlertTable } from "./promises/alerts.tsx";
import { PromiseDetail } from "./promises/detail.tsx";
import { paceWords, StatusBadge } from "./promises/status.tsx";

export default function PromisesScreen({ tz }: { tz: string }) {
  const { id } = address.value;
  return id === null ? <AllPromises tz={tz} /> : <PromiseDetail key={id} id={id} tz={tz} />;
}

function AllPromises({ tz }: { tz: string }) {
  const here = address.value;
  const data = useScreenData({ slos: sitePath(here, "slos"), alerts: sitePath(here, "alerts") }, true);
  const slos = partAs<Slo[]>(data, "slos");
  const words = promiseWords();
  const sentence = slos === undefined ? null : slos.ok ? promisesSentence(slos.answer.data, tz) : [{ text: words.question }];
  return (
    <>
      <Headline phrases={sentence} stale={data.stale} />
      <div class="grid">
        <Widget<Slo[]> class="w-full table-card" title={words.titles.all} data={data} part="slos">
          {(answer) => (answer.data.length === 0 ? <Teach /> : <SloTable slos={answer.data} tz={tz} />)}
        </Widget>
        {!(slos?.ok === true && slos.answer.data.length === 0) && (
          <Widget<Alert[]> class="w-full table-card" title={words.titles.alerts} data={data} part="alerts">
            {(answer) => (answer.data.length === 0 ? <Nothing>{words.alert.none}</Nothing> : <AlertTable alerts={answer.data} tz={tz} changed={data.retry} />)}
          </Widget>
        )}
      </div>
    </>
  );
}

const worstFirst = (slos: readonly Slo[]): Slo[] =>
  [...slos].sort((a, b) => SLO_STATUSES.indexOf(a.status) - SLO_STATUSES.indexOf(b.status) || (a.budget.remaining ?? 1) - (b.budget.remaining ?? 1));

/** How many are kept, and which is worst. */
export function promisesSentence(slos: readonly Slo[], tz: string): Phrase[] {
  const words = promiseWords();
  if (slos.length === 0) return words.none;
  const judged = slos.filter(({ status }) => status !== "no_data");
  const kept = judged.filter(({ status }) => status === "ok" || status === "at_risk").length;
  const unjudged = slos.length - judged.length;
  const worst = worstFirst(judged)[0];
  const count = kept === judged.length && unjudged === 0 ? words.all(String(kept)) : words.kept(String(kept), String(slos.length));
  const named: Phrase[] = worst === undefined || worst.status === "ok" ? [] : [
    { text: words.worst.before },
    { text: worst.promise, href: hrefWith({ ...FRESH, id: worst.id }) },
    { text: words.worst.after(`${words.statuses[worst.status].says}: ${paceWords(worst, tz)}`) },
  ];
  return [...count, ...(unjudged === 0 ? [] : [{ text: words.unmeasured(String(unjudged)) }]), ...named, { text: "." }];
}

function SloTable({ slos, tz }: { slos: readonly Slo[]; tz: string }) {
  const { columns, titles } = promiseWords();
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={titles.all}>
      <table class="groups promises">
        <thead>
          <tr>
            <th scope="col">{columns.promise}</th>
            <th scope="col">{columns.status}</th>
            <th scope="col" class="number">{columns.good}</th>
            <th scope="col" class="number wide">{columns.promised}</th>
            <th scope="col" class="number">{columns.budget}</th>
            <th scope="col" class="wide">{columns.pace}</th>
          </tr>
        </thead>
        <tbody>
          {worstFirst(slos).map((slo) => (
            <tr key={slo.id}>
              <th scope="row"><Link class="row" href={hrefWith({ ...FRESH, id: slo.id })}>{slo.promise}</Link></th>
              <td><StatusBadge status={slo.status} /></td>
              <td class="number">{slo.sli === null ? <Missing /> : formatShare(slo.sli)}</td>
              <td class="number wide">{formatShare(slo.objective)}</td>
              <td class="number"><BudgetCell slo={slo} /></td>
              <td class="wide">{slo.budget.exhausts_at === null ? slo.budget.remaining === null ? <Missing /> : "–" : formatTime(Date.parse(slo.budget.exhausts_at), "full", tz)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function BudgetCell({ slo }: { slo: Slo }) {
  const { remaining } = slo.budget;
  if (remaining === null) return <Missing />;
  const share = Math.min(1, Math.max(0, remaining));
  return (
    <span class="happiness-cell">
      <b>{formatShare(remaining)}</b>
      <ShareBar parts={[{ name: slo.status === "ok" ? "delighted" : "annoying", share }, { name: remaining < 0 ? "brutal" : "rest", share: remaining < 0 ? 1 : 1 - share }]} />
    </span>
  );
}

/** What a promise is, and the command that makes the first. */
function Teach() {
  const { teach } = promiseWords();
  const body = '{"promise": "Checkout opens fast", "objective": 0.95,\n  "sli": {"kind": "fast", "metric": "lcp", "at_most": 2500, "of": "views", "filters": ["page:glob:/checkout/*"]},\n  "window": {"rolling": "28d"}}';
  return (
    <div class="teach">
      <p>{teach.what}</p>
      <p class="hint">{teach.how}</p>
      <pre tabIndex={0}><code>{`curl -X PUT -H "Authorization: Bearer $FELT_TOKEN" -H "Content-Type: application/json" \\\n  ${location.origin}${sitePath(address.value, "slos", "checkout-fast")} \\\n  -d '${body}'`}</code></pre>
    </div>
  );
}
