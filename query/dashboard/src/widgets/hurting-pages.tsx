// The pages where mending pays most: unhappiness times visitors.

import { withFilter } from "../address/filter.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { causesOf, type Group, groupsOf } from "../api/read.ts";
import type { Answer, BreakdownRow, MetricRow } from "../api/types.ts";
import { confidence } from "../stats/happiness.ts";
import { formatCount, formatShare } from "../words/format.ts";
import { dimensionName, valueName } from "../words/names.ts";
import { HappinessCell } from "./cells.tsx";
import { Link } from "./link.tsx";
import { Table } from "./table.tsx";
import { Missing, Term } from "./term.tsx";
import { Nothing } from "./widget.tsx";
import { core } from "../words/core.ts";
import { glossary } from "../words/glossary.ts";

export function HurtingPages({ answer, total }: { answer: Answer<BreakdownRow[]>; total: MetricRow | undefined }) {
  const groups = groupsOf(answer.data, "page");
  if (groups.length === 0) return <Nothing />;
  const lostTotal = (total?.unhappiness ?? 0) * (total?.count ?? 0);
  const words = core().widgets.table;
  const happiness = (group: Group): MetricRow | undefined => group.rows["happiness"];
  return (
    <Table label={core().sentences.titles.hurting} class="groups pages" rows={groups} by={(group) => group.name} columns={[
      [dimensionName("page"), (group) => {
        const name = valueName("page", group.name);
        return <Link class="row" href={hrefWith({ filters: withFilter(address.value.filters, { dimension: "page", op: "is", values: [group.name] }) })} title={words.only(name)}>{name}</Link>;
      }],
      [<Term of="lost">{words.ofAllLost}</Term>, (group) => <LostCell row={happiness(group)} lostTotal={lostTotal} />, "number"],
      [words.mostly, (group) => <MainCause row={happiness(group)} />, "wide"],
      [glossary().views.word, (group) => formatCount(group.views), "number wide"],
      [glossary().happiness.word, (group) => <HappinessCell row={happiness(group)} />, "number"],
      [<span class="sr-only">{words.details}</span>, (group) => {
        const look = words.lookAt(valueName("page", group.name));
        return <Link href={hrefWith({ screen: "pages", page: group.name })} title={look}><span class="sr-only">{look}</span><span aria-hidden="true">→</span></Link>;
      }, "go"],
    ]} />
  );
}

/** A page's part of all the happiness that was lost. */
export function LostCell({ row, lostTotal }: { row: MetricRow | undefined; lostTotal: number }) {
  if (row === undefined || lostTotal <= 0 || row.unhappiness == null) return <Missing />;
  if (confidence(row.count) === "few") return <Missing why={core().widgets.trust.few} />;
  return <>{formatShare(Math.min(1, (row.unhappiness * row.count) / lostTotal))}</>;
}

export function MainCause({ row }: { row: MetricRow | undefined }) {
  const first = row === undefined ? undefined : causesOf(row)[0];
  if (first === undefined || confidence(row?.count ?? 0) === "few") return <Missing why={first === undefined ? core().widgets.table.nothingHurt : core().widgets.trust.few} />;
  const words = core().names.causes[first.cause];
  return <span title={words.meaning}>{words.brief} <span class="hint">{formatShare(first.share)}</span></span>;
}
