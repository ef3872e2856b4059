// "Do we keep what we promised?" All promises with their budgets, and who is being told; one of them in full.

import { FRESH } from "../address/address.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { sitePath } from "../api/paths.ts";
import { type Alert, type Slo, SLO_STATUSES } from "../api/promise-types.ts";
import { answerTo, partAs, useScreenData } from "../api/screen-data.ts";
import { ShareBar } from "../charts/share-bar.tsx";
import { formatShare } from "../words/format.ts";
import type { Phrase } from "../words/phrase.ts";
import { promiseWords } from "../words/promises.ts";
import { formatAt } from "../words/time.ts";
import { Curl } from "../widgets/code.tsx";
import { Link } from "../widgets/link.tsx";
import { Screen, sentenceOf } from "../widgets/screen.tsx";
import { Table } from "../widgets/table.tsx";
import { known, Missing } from "../widgets/term.tsx";
import { Nothing, Widget } from "../widgets/widget.tsx";
import { AlertTable } from "./promises/alerts.tsx";
import { PromiseDetail } from "./promises/detail.tsx";
import { paceWords, StatusBadge } from "./promises/status.tsx";

export function PromisesScreen({ tz }: { tz: string }) {
  const { id } = address.value;
  return id === null ? <AllPromises tz={tz} /> : <PromiseDetail key={id} id={id} tz={tz} />;
}

function AllPromises({ tz }: { tz: string }) {
  const here = address.value;
  const data = useScreenData({ slos: sitePath(here, "slos"), alerts: sitePath(here, "alerts") }, true);
  const words = promiseWords();
  return (
    <Screen data={data} phrases={sentenceOf(partAs<Slo[]>(data, "slos"), words.question, (slos) => promisesSentence(slos, tz))}>
      <Widget<Slo[]> class="w-full table-card" title={words.titles.all} data={data} part="slos">
        {(answer) => (answer.data.length === 0 ? <Teach /> : <SloTable slos={answer.data} tz={tz} />)}
      </Widget>
      {answerTo<Slo[]>(data, "slos")?.length !== 0 && (
        <Widget<Alert[]> class="w-full table-card" title={words.titles.alerts} data={data} part="alerts">
          {(answer) => (answer.data.length === 0 ? <Nothing>{words.alert.none}</Nothing> : <AlertTable alerts={answer.data} tz={tz} changed={data.retry} />)}
        </Widget>
      )}
    </Screen>
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
    <Table label={titles.all} class="groups promises" rows={worstFirst(slos)} by={(slo) => slo.id} columns={[
      [columns.promise, (slo) => <Link class="row" href={hrefWith({ ...FRESH, id: slo.id })}>{slo.promise}</Link>],
      [columns.status, (slo) => <StatusBadge status={slo.status} />],
      [columns.good, (slo) => known(slo.sli, formatShare), "number"],
      [columns.promised, (slo) => formatShare(slo.objective), "number wide"],
      [columns.budget, (slo) => <BudgetCell slo={slo} />, "number"],
      [columns.pace, ({ budget }) => (budget.exhausts_at === null ? budget.remaining === null ? <Missing /> : "–" : formatAt(budget.exhausts_at, tz)), "wide"],
    ]} />
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
      <Curl method="PUT" to={["slos", "checkout-fast"]} body={body} />
    </div>
  );
}
