// A range or filter that nothing falls into: says so, and offers the ways out.

import { presetRange } from "../address/range.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { Link } from "./link.tsx";

export function NoVisits() {
  const { filters, range, who } = address.value;
  return (
    <div class="card no-visits">
      <p>{filters.length > 0 ? "No visit fits these filters in this time." : "There were no visits in this time."}</p>
      <p class="ways">
        {filters.length > 0 && <Link class="button" href={hrefWith({ filters: [] })}>Remove all filters</Link>}
        {range.preset !== "28d" && <Link class="button" href={hrefWith({ range: presetRange("28d") })}>Look at the last 28 days</Link>}
        {who !== "all" && <Link class="button" href={hrefWith({ who: "all" })}>Include bots</Link>}
      </p>
    </div>
  );
}
