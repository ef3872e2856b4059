// A range or filter that nothing falls into: says so, and offers the ways out.

import { presetRange } from "../address/range.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { Link } from "./link.tsx";
import { core } from "../words/core.ts";

export function NoVisits() {
  const { filters, range, who } = address.value;
  const words = core().widgets.noVisits;
  return (
    <div class="card no-visits">
      <p>{filters.length > 0 ? words.filtered : words.none}</p>
      <p class="ways">
        {filters.length > 0 && <Link class="button" href={hrefWith({ filters: [] })}>{words.removeFilters}</Link>}
        {range.preset !== "28d" && <Link class="button" href={hrefWith({ range: presetRange("28d") })}>{words.month}</Link>}
        {who !== "all" && <Link class="button" href={hrefWith({ who: "all" })}>{words.bots}</Link>}
      </p>
    </div>
  );
}
