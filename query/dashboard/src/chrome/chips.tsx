// The filters in force, one chip each: a click negates, × removes, "Add filter" adds.

import type { Filter } from "../address/filter.ts";
import { isUnset, negated, opWords, printFilter, withFilter } from "../address/filter.ts";
import { address, hrefWith, navigate } from "../address/navigate.ts";
import { Link } from "../widgets/link.tsx";
import { Popover } from "../widgets/popover.tsx";
import { dimensionName, valueName } from "../words/names.ts";
import { FilterForm } from "./filter-form.tsx";

export function filterWords(filter: Filter): string {
  if (filter.op === "set") return `${dimensionName(filter.dimension)} ${isUnset(filter) ? "is not known" : "is known"}`;
  const values = filter.values.map((value) => valueName(filter.dimension, value)).join(" or ");
  return `${dimensionName(filter.dimension)} ${opWords(filter.op)}${values === "" ? "" : ` ${values}`}`;
}

export function Chips() {
  const { filters } = address.value;
  return (
    <div class="chips">
      {filters.length > 0 && (
        <ul aria-label="Filters">
          {filters.map((filter) => <Chip key={printFilter(filter)} filter={filter} />)}
        </ul>
      )}
      <Popover label="Add a filter" buttonClass="button add" button={<><span aria-hidden="true">+</span> Filter</>}>
        {(close) => (
          <FilterForm
            add={(filter) => {
              navigate({ filters: withFilter(address.value.filters, filter) });
              close();
            }}
          />
        )}
      </Popover>
      {filters.length > 1 && <Link class="quiet" href={hrefWith({ filters: [] })}>Remove all</Link>}
    </div>
  );
}

function Chip({ filter }: { filter: Filter }) {
  const { filters } = address.value;
  const opposite = negated(filter);
  const words = filterWords(filter);
  const without = filters.filter((other) => other !== filter);
  return (
    <li class={`chip ${filter.op === "not" ? "not" : ""}`}>
      {opposite === null ? (
        <span>{words}</span>
      ) : (
        <Link
          href={hrefWith({ filters: filters.map((other) => (other === filter ? opposite : other)) })}
          title={`Turn round: ${filterWords(opposite)}`}
        >
          {words}
        </Link>
      )}
      <Link class="remove" href={hrefWith({ filters: without })} title={`Remove: ${words}`}>
        <span class="sr-only">{`Remove filter ${words}`}</span>
        <span aria-hidden="true">×</span>
      </Link>
    </li>
  );
}
