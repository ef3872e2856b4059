// The pages where mending pays most: unhappiness times visitors.

import { withFilter } from "../address/filter.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { causesOf, groupsOf } from "../api/read.ts";
import type { Answer, BreakdownRow, MetricRow } from "../api/types.ts";
import { confidence } from "../stats/happiness.ts";
import { formatCount, formatShare } from "../words/format.ts";
import { dimensionName, valueName } from "../words/names.ts";
import { HappinessCell } from "./cells.tsx";
import { Link } from "./link.tsx";
import { Missing, Term } from "./term.tsx";
import { Nothing } from "./widget.tsx";
import { core } from "../words/core.ts";
import { glossary } from "../words/glossary.ts";

export function HurtingPages({ answer, total }: { answer: Answer<BreakdownRow[]>; total: MetricRow | undefined }) {
  const groups = groupsOf(answer.data, "page");
  if (groups.length === 0) return <Nothing />;
  const lostTotal = (total?.unhappiness ?? 0) * (total?.count ?? 0);
  const words = core().widgets.table;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={core().sentences.titles.hurting}>
      <table class="groups pages">
        <thead>
          <tr>
            <th scope="col">{dimensionName("page")}</th>
            <th scope="col" class="number"><Term of="lost">{words.ofAllLost}</Term></th>
            <th scope="col" class="wide">{words.mostly}</th>
            <th scope="col" class="number wide">{glossary().views.word}</th>
            <th scope="col" class="number">{glossary().happiness.word}</th>
            <th scope="col"><span class="sr-only">{words.details}</span></th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => {
            const row = group.rows["happiness"];
            const name = valueName("page", group.name);
            return (
              <tr key={group.name}>
                <th scope="row">
                  <Link class="row" href={hrefWith({ filters: withFilter(address.value.filters, { dimension: "page", op: "is", values: [group.name] }) })} title={words.only(name)}>
                    {name}
                  </Link>
                </th>
                <td class="number"><LostCell row={row} lostTotal={lostTotal} /></td>
                <td class="wide"><MainCause row={row} /></td>
                <td class="number wide">{formatCount(group.views)}</td>
                <td class="number"><HappinessCell row={row} /></td>
                <td class="go">
                  <Link href={hrefWith({ screen: "pages", page: group.name })} title={words.lookAt(name)}>
                    <span class="sr-only">{words.lookAt(name)}</span><span aria-hidden="true">→</span>
                  </Link>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
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
