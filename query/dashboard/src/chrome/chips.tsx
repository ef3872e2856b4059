// The filters in force, one chip each: a click negates, × removes, "Add filter" adds.

import type { Filter } from "../address/filter.ts";
import { isUnset, negated, printFilter, withFilter } from "../address/filter.ts";
import { address, hrefWith, navigate } from "../address/navigate.ts";
import { Link } from "../widgets/link.tsx";
import { Popover } from "../widgets/popover.tsx";
import { core } from "../words/core.ts";
import { dimensionName, valueName } from "../words/names.ts";
import { loadPanels, panels } from "./panels.ts";

export function filterWords(filter: Filter): string {
  const words = core().chrome.filters;
  const what = dimensionName(filter.dimension);
  if (filter.op === "set") return isUnset(filter) ? words.unknown(what) : words.known(what);
  const values = filter.values.map((value) => valueName(filter.dimension, value)).join(words.or);
  return `${what} ${words.ops[filter.op]}${values === "" ? "" : ` ${values}`}`;
}

export function Chips() {
  const { filters } = address.value;
  const labels = core().chrome.filters;
  return (
    <div class="chips">
      {filters.length > 0 && (
        <ul aria-label={labels.list}>
          {filters.map((filter) => <Chip key={printFilter(filter)} filter={filter} />)}
        </ul>
      )}
      <Popover label={labels.add} dataKey="/" load={loadPanels} buttonClass="button add" button={<><span aria-hidden="true">+</span> {labels.button}</>}>
        {(close) => panels !== undefined && (
          <panels.FilterForm
            add={(filter) => {
              navigate({ filters: withFilter(address.value.filters, filter) });
              close();
            }}
          />
        )}
      </Popover>
      {filters.length > 1 && <Link class="quiet" href={hrefWith({ filters: [] })}>{labels.removeAll}</Link>}
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
          title={core().chrome.filters.turn(filterWords(opposite))}
        >
          {words}
        </Link>
      )}
      <Link class="remove" href={hrefWith({ filters: without })} title={core().chrome.filters.remove(words)}>
        <span class="sr-only">{core().chrome.filters.removeSpoken(words)}</span>
        <span aria-hidden="true">×</span>
      </Link>
    </li>
  );
}
