// The table of pages. Headings are links that sort, on the server: the whole set is sorted, not what is shown of it.

import { hrefWith } from "../address/navigate.ts";
import type { Group } from "../api/read.ts";
import type { MetricRow } from "../api/types.ts";
import { formatCount } from "../words/format.ts";
import { glossary, type Term as TermName } from "../words/glossary.ts";
import { dimensionName, metricName, valueName } from "../words/names.ts";
import { HappinessCell, ValueCell } from "./cells.tsx";
import { LostCell, MainCause } from "./hurting-pages.tsx";
import { Link } from "./link.tsx";
import { Term } from "./term.tsx";
import { Nothing } from "./widget.tsx";
import { core } from "../words/core.ts";

interface Column {
  readonly key: string;
  readonly label: () => string;
  readonly term?: TermName;
  /** The way a first click sorts: worst or most first, names from A. */
  readonly first: "-" | "";
}

const COLUMNS: readonly Column[] = [
  { key: "page", label: () => dimensionName("page"), first: "" },
  { key: "lost", label: () => core().widgets.table.ofAllLost, term: "lost", first: "-" },
  { key: "happiness", label: () => metricName("happiness"), term: "happiness", first: "" },
  { key: "views", label: () => glossary().views.word, term: "views", first: "-" },
  { key: "lcp.p75", label: () => metricName("lcp"), term: "lcp", first: "-" },
  { key: "inp.p75", label: () => metricName("inp"), term: "inp", first: "-" },
  { key: "cls.p75", label: () => metricName("cls"), term: "cls", first: "-" },
];

interface PagesTableProps {
  readonly groups: readonly Group[];
  readonly total: MetricRow | undefined;
  readonly order: string;
  readonly searched: string | null;
}

export function PagesTable({ groups, total, order, searched }: PagesTableProps) {
  const words = core().sentences;
  if (groups.length === 0) {
    return (
      <Nothing>
        {searched === null ? words.noPage : <>{words.noMatch(searched)}<Link href={hrefWith({ search: null })}>{words.showAll}</Link></>}
      </Nothing>
    );
  }
  const lostTotal = (total?.unhappiness ?? 0) * (total?.count ?? 0);
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.titles.allPages}>
      <table class="groups all-pages">
        <thead>
          <tr>
            {COLUMNS.map((column) => <Heading key={column.key} column={column} order={order} />)}
            <th scope="col">{words.hurtsMost}</th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => {
            const row = group.rows["happiness"];
            const name = valueName("page", group.name);
            return (
              <tr key={group.name}>
                <th scope="row"><Link class="row" href={hrefWith({ page: group.name })} title={core().widgets.table.lookAt(name)}>{name}</Link></th>
                <td class="number"><LostCell row={row} lostTotal={lostTotal} /></td>
                <td class="number"><HappinessCell row={row} /></td>
                <td class="number">{formatCount(group.views)}</td>
                <td class="number"><ValueCell row={group.rows["lcp"]} /></td>
                <td class="number"><ValueCell row={group.rows["inp"]} /></td>
                <td class="number"><ValueCell row={group.rows["cls"]} /></td>
                <td><MainCause row={row} /></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Heading({ column, order }: { column: Column; order: string }) {
  const label = column.label();
  const ascending = order === column.key;
  const descending = order === `-${column.key}`;
  const next = ascending ? `-${column.key}` : descending ? column.key : `${column.first}${column.key}`;
  return (
    <th scope="col" class={column.key === "page" ? undefined : "number"} aria-sort={ascending ? "ascending" : descending ? "descending" : undefined}>
      <Link class="sort" href={hrefWith({ order: next === "-lost" ? null : next })} title={core().widgets.table.sortBy(label)}>
        {label}
        <span class="arrow" aria-hidden="true">{ascending ? "▲" : descending ? "▼" : ""}</span>
      </Link>
      {column.term !== undefined && <Term of={column.term}><span aria-hidden="true">?</span><span class="sr-only">{core().widgets.table.whatIs(label)}</span></Term>}
    </th>
  );
}

