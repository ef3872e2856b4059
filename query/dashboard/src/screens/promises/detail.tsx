// One promise: where it stands, how its budget burnt down, who spends it, and when somebody is told.

import { FRESH } from "../../address/address.ts";
import { address, hrefWith } from "../../address/navigate.ts";
import { sitePath } from "../../api/paths.ts";
import type { Alert, BudgetPoint, Rule, Slo, Spender } from "../../api/promise-types.ts";
import { answerTo, useScreenData } from "../../api/screen-data.ts";
import type { Part } from "../../api/types.ts";
import { LineChart, type LinePoint } from "../../charts/line-chart.tsx";
import { niceTicks } from "../../charts/scale.ts";
import { stepsOf } from "../../charts/steps.ts";
import { VERDICT_COUNT_MIN } from "../../stats/happiness.ts";
import { most } from "../../stats/most.ts";
import { core } from "../../words/core.ts";
import { formatCount, formatDecimal, formatShare, orDash } from "../../words/format.ts";
import { locale } from "../../words/language.ts";
import { dimensionName, valueName } from "../../words/names.ts";
import { promiseWords } from "../../words/promises.ts";
import { formatStep, rangeWords } from "../../words/time.ts";
import { Figure } from "../../widgets/figure.tsx";
import { Link } from "../../widgets/link.tsx";
import { Screen } from "../../widgets/screen.tsx";
import { Table } from "../../widgets/table.tsx";
import { known } from "../../widgets/term.tsx";
import { Nothing, Widget } from "../../widgets/widget.tsx";
import { AlertTable } from "./alerts.tsx";
import { leftWords, paceWords, StatusBadge } from "./status.tsx";

const SPENDERS = 12;

export function PromiseDetail({ id, tz }: { id: string; tz: string }) {
  const here = address.value;
  const data = useScreenData(
    { slo: sitePath(here, "slos", id), budget: sitePath(here, "slos", id, "budget"), spenders: `${sitePath(here, "slos", id, "spenders")}?limit=${SPENDERS}`, alerts: sitePath(here, "alerts") },
    true,
  );
  const words = promiseWords();
  // One promise is answered as it is, without a `data` around it.
  const part = data.parts["slo"] as Part<never> | undefined;
  const slo = part?.ok ? (part.answer as unknown as Slo) : undefined;
  const sentence = part === undefined ? null : slo === undefined ? [{ text: part.ok || part.problem.status !== 404 ? words.question : words.unknown(id) }]
    : [{ text: slo.promise, strong: true }, { text: ` ${words.statuses[slo.status].says}: ${paceWords(slo, tz)}.` }];
  const alerts = (answerTo<Alert[]>(data, "alerts") ?? []).filter((alert) => alert.slo === id);
  return (
    <Screen data={data} phrases={sentence} back={[hrefWith({ id: null }), words.back]}>
      <Widget<never> class="w-third" title={words.titles.figures} data={data} part="slo">
        {() => slo !== undefined && <Standing slo={slo} tz={tz} />}
      </Widget>
      <Widget<BudgetPoint[]> class="w-wide chart-card" title={words.titles.burnDown} data={data} part="budget">
        {(answer) => <BurnDown points={answer.data} tz={tz} />}
      </Widget>
      <Widget<Spender[]> class="w-half table-card" title={words.titles.spenders} data={data} part="spenders">
        {(answer) => (answer.data.length === 0 ? <Nothing /> : <Spenders rows={answer.data} />)}
      </Widget>
      <Widget<never> class="w-half table-card" title={words.titles.rules} data={data} part="slo">
        {() => slo !== undefined && <Rules slo={slo} />}
      </Widget>
      {alerts.length > 0 && (
        <Widget<Alert[]> class="w-full table-card" title={words.titles.alerts} data={data} part="alerts">
          {() => <AlertTable alerts={alerts} tz={tz} changed={data.retry} />}
        </Widget>
      )}
    </Screen>
  );
}

function Standing({ slo, tz }: { slo: Slo; tz: string }) {
  const words = promiseWords();
  return (
    <div class={`tile ${slo.valid < VERDICT_COUNT_MIN ? "small" : ""}`}>
      <p class="figure-value"><span class="value">{known(slo.sli, formatShare)}</span><StatusBadge status={slo.status} /></p>
      <p class="hint">{words.promised(formatShare(slo.objective))}, {words.window(rangeWords({ preset: null, from: slo.window.from, to: slo.window.to }, tz))}</p>
      <ul class="facts">
        <li>{words.goodOf(formatCount(slo.good), formatCount(slo.valid))}</li>
        <li>{words.allowed(formatCount(slo.budget.bad), formatDecimal(slo.budget.allowed_bad, 0))}</li>
        {slo.coverage !== null && <li>{words.coverage(formatShare(slo.coverage))}</li>}
        {slo.warnings.map((warning) => <li key={warning}>{core().widgets.warning(warning)}</li>)}
      </ul>
    </div>
  );
}

function BurnDown({ points: rows, tz }: { points: readonly BudgetPoint[]; tz: string }) {
  const words = promiseWords();
  const points: LinePoint[] = stepsOf(rows, undefined).map(({ from, to, valid, remaining }) => ({ from, to, count: Math.max(valid, VERDICT_COUNT_MIN), value: remaining === null ? null : remaining * 100, low: null, high: null }));
  const measured = points.filter((point) => point.value !== null);
  const last = measured[measured.length - 1];
  if (last === undefined) return <Nothing />;
  const lowest = most(measured, (point) => -(point.value ?? 0)) ?? last;
  const share = (point: LinePoint): string => formatShare((point.value ?? 0) / 100);
  const left = (point: LinePoint): string => leftWords((point.value ?? 0) / 100);
  const summary = words.budgetCourse(left(last), share(lowest), formatStep(lowest.from, lowest.to, tz));
  const bottom = Math.min(0, Math.floor((lowest.value ?? 0) / 25) * 25);
  const domain: [number, number] = [bottom, 100];
  return (
    <Figure summary={summary} columns={[core().widgets.chart.time, words.remaining, words.bad]}
      rows={() => rows.map((row, index) => [formatStep(points[index]?.from ?? 0, points[index]?.to ?? 0, tz), orDash(row.remaining, formatShare), formatCount(row.valid - row.good)])}>
      <LineChart label={`${words.titles.burnDown}. ${summary}`} points={points} tz={tz} height={210} domain={domain} ticks={niceTicks(bottom, 100, 5)}
        tickLabel={(tick) => formatShare(tick / 100)} limits={bottom < 0 ? [{ value: 0, name: words.nothingLeftLine }] : []}
        readout={(point) => `${formatStep(point.from, point.to, tz)}: ${point.value === null ? core().widgets.chart.notMeasured : left(point)}`} />
    </Figure>
  );
}

function Spenders({ rows }: { rows: readonly Spender[] }) {
  const { spender, titles } = promiseWords();
  return (
    <Table label={titles.spenders} class="groups" rows={rows} by={(row) => `${row.dimension} ${row.value}`} columns={[
      [spender.what, (row) => {
        const name = valueName(row.dimension, row.value);
        return (
          <Link class="row" href={hrefWith({ screen: "happiness", ...FRESH, filters: [{ dimension: row.dimension, op: "is", values: [row.value] }] })} title={spender.only(name)}>
            <span class="hint">{dimensionName(row.dimension)} </span>{name}
          </Link>
        );
      }],
      [spender.bad, (row) => formatCount(row.bad), "number"],
      [spender.share, (row) => known(row.share_of_bad, formatShare), "number"],
      [spender.lift, (row) => (row.lift === null || row.valid < VERDICT_COUNT_MIN ? <span class="few">{core().widgets.table.tooFew}</span> : spender.times(formatDecimal(row.lift, 1))), "number"],
    ]} />
  );
}

function Rules({ slo }: { slo: Slo }) {
  const { rule: words, burn, titles } = promiseWords();
  const unit = (count: number): [number, string] => (count % 1440 === 0 ? [count / 1440, "day"] : count % 60 === 0 ? [count / 60, "hour"] : [count, "minute"]);
  const minutes = (count: number): string => {
    const [amount, name] = unit(count);
    return new Intl.NumberFormat(locale(), { style: "unit", unit: name, unitDisplay: "long" }).format(amount);
  };
  const state = (rule: Rule): string => (rule.reachable ? words.states[rule.state] : words.unreachable);
  return (
    <Table label={titles.rules} rows={Object.entries(slo.burn)} by={([window]) => window} columns={[
      [burn.window, ([window]) => burn.names[window] ?? window],
      [burn.pace, ([, pace]) => known(pace, (times) => burn.times(formatDecimal(times, 1)))],
    ]}>
      <ul class="facts">
        {slo.alerts.map((rule) => (
          <li key={rule.rule}><b>{words.names[rule.rule] ?? rule.rule}</b>: {state(rule)} <span class="hint">({words.when(formatDecimal(rule.factor, 1, true), minutes(rule.long_min), minutes(rule.short_min))})</span></li>
        ))}
      </ul>
    </Table>
  );
}
