// A short table of groups (countries, devices, releases): a click on a row filters to it, another takes it back.

import type { Filter } from "../address/filter.ts";
import { isFilteredTo, sameFilter, withFilter, withoutValue } from "../address/filter.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { groupsOf, levelsOf } from "../api/read.ts";
import type { Answer, BreakdownRow } from "../api/types.ts";
import { worseThanRest } from "../stats/happiness.ts";
import { formatCount, formatShare } from "../words/format.ts";
import { dimensionName, valueName } from "../words/names.ts";
import { HappinessCell } from "./cells.tsx";
import { Link } from "./link.tsx";
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
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.by(dimensionName(dimension))}>
      <table class="groups">
        <thead>
          <tr>
            <th scope="col">{dimensionName(dimension)}</th>
            <th scope="col" class="number">{glossary().views.word}</th>
            <th scope="col" class="number"><Term of="happiness" /></th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group, index) => {
            const only: Filter = group.name === "" ? { dimension, op: "set", values: ["false"] } : { dimension, op: "is", values: [group.name] };
            const active = filters.some((filter) => sameFilter(filter, only)) || isFilteredTo(filters, dimension, group.name);
            const without = group.name === "" ? filters.filter((filter) => !sameFilter(filter, only)) : withoutValue(filters, dimension, group.name);
            const name = valueName(dimension, group.name);
            const share = group.rows["happiness"]?.share;
            return (
              <tr key={group.name} class={active ? "active" : undefined}>
                <th scope="row">
                  <Link
                    class={group.name === "" ? "row missing" : "row"}
                    href={hrefWith({ filters: active ? without : withFilter(filters, only) })}
                    title={active ? words.removeFilter : words.only(name)}
                  >
                    {name}
                  </Link>
                </th>
                <td class="number" title={typeof share === "number" ? words.ofAll(formatShare(share)) : undefined}>{formatCount(group.views)}</td>
                <td class="number"><HappinessCell row={group.rows["happiness"]} worse={worse[index] ?? false} /></td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {hidden > 0 && <p class="hint more">{words.more(formatCount(hidden))}</p>}
    </div>
  );
}
