// A short table of groups (countries, devices, releases): a click on a row filters to it, another takes it back.

import type { Filter } from "../address/filter.ts";
import { isFilteredTo, sameFilter, withFilter, withoutValue } from "../address/filter.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { type Group, groupsOf, levelsOf } from "../api/read.ts";
import type { Answer, BreakdownRow } from "../api/types.ts";
import { worseThanRest } from "../stats/happiness.ts";
import { formatCount, formatShare } from "../words/format.ts";
import { dimensionName, valueName } from "../words/names.ts";
import { HappinessCell } from "./cells.tsx";
import { Link } from "./link.tsx";
import { Table } from "./table.tsx";
import { Term } from "./term.tsx";
import { Nothing } from "./widget.tsx";
import { core } from "../words/core.ts";
import { glossary } from "../words/glossary.ts";

interface BreakdownTableProps {
  readonly answer: Answer<BreakdownRow[]>;
  readonly dimension: string;
  /** Marks groups that are worse than all the others together. Pages differ by nature: there it says nothing. */
  readonly markWorse?: boolean;
}

export function BreakdownTable({ answer, dimension, markWorse = false }: BreakdownTableProps) {
  const groups = groupsOf(answer.data, dimension);
  if (groups.length === 0) return <Nothing />;
  const worse = markWorse ? worseThanRest(groups.map((group) => levelsOf(group.rows["happiness"] ?? { metric: "happiness", count: 0 }))) : [];
  const { filters } = address.value;
  const words = core().widgets.table;
  const hidden = (answer.meta.groups ?? groups.length) - groups.length;
  const only = ({ name }: Group): Filter => (name === "" ? { dimension, op: "set", values: ["false"] } : { dimension, op: "is", values: [name] });
  const active = (group: Group): boolean => filters.some((filter) => sameFilter(filter, only(group))) || isFilteredTo(filters, dimension, group.name);
  const without = (group: Group): readonly Filter[] => (group.name === "" ? filters.filter((filter) => !sameFilter(filter, only(group))) : withoutValue(filters, dimension, group.name));
  return (
    <Table label={words.by(dimensionName(dimension))} class="groups" rows={groups} by={(group) => group.name} rowClass={(group) => active(group) && "active"} columns={[
      [dimensionName(dimension), (group) => {
        const name = valueName(dimension, group.name);
        return (
          <Link class={group.name === "" ? "row missing" : "row"} href={hrefWith({ filters: active(group) ? without(group) : withFilter(filters, only(group)) })} title={active(group) ? words.removeFilter : words.only(name)}>
            {name}
          </Link>
        );
      }],
      [glossary().views.word, (group) => {
        const share = group.rows["happiness"]?.share;
        return <span title={typeof share === "number" ? words.ofAll(formatShare(share)) : undefined}>{formatCount(group.views)}</span>;
      }, "number"],
      [<Term of="happiness" />, (group, index) => <HappinessCell row={group.rows["happiness"]} worse={worse[index] ?? false} />, "number"],
    ]}>
      {hidden > 0 && <p class="hint more">{words.more(formatCount(hidden))}</p>}
    </Table>
  );
}
