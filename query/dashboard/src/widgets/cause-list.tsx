// Why visits were less than delightful, in words, the costliest first. Each line filters to its visits.

import type { Filter } from "../address/filter.ts";
import { isFilteredTo, withFilter, withoutValue } from "../address/filter.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { causesOf, levelsOf } from "../api/read.ts";
import type { MetricRow } from "../api/types.ts";
import { confidence } from "../stats/happiness.ts";
import { formatCount, formatShare } from "../words/format.ts";
import { Link } from "./link.tsx";
import { ShareBar } from "../charts/share-bar.tsx";
import { Nothing } from "./widget.tsx";
import { core } from "../words/core.ts";

export function CauseList({ row }: { row: MetricRow | undefined }) {
  const causes = row === undefined ? [] : causesOf(row);
  if (row === undefined || causes.length === 0) return <Nothing>{core().widgets.causes.none}</Nothing>;
  const hurt = row.count - levelsOf(row).delighted;
  const trust = confidence(row.count);
  const plain = trust !== "ok";
  const { filters } = address.value;
  const words = core().widgets.causes;
  const names = core().names.causes;
  return (
    <>
      <p class="hint">{words.of(formatCount(hurt))}</p>
      <ol class={`causes ${trust}`}>
        {causes.map(({ cause, share }) => {
          const filter: Filter = { dimension: "cause", op: "is", values: [cause] };
          const active = isFilteredTo(filters, "cause", cause);
          return (
            <li key={cause}>
              <Link
                href={hrefWith({ filters: active ? withoutValue(filters, "cause", cause) : withFilter(filters, filter) })}
                title={active ? core().widgets.table.removeFilter : `${names[cause].meaning} ${words.only}`}
              >
                {names[cause].clause}
              </Link>
              <span class="share">{trust === "few" ? formatCount(Math.round(share * hurt)) : formatShare(share)}</span>
              <ShareBar muted={plain} parts={[{ name: "plain", share }]} />
              <span class="meaning">{names[cause].meaning}</span>
            </li>
          );
        })}
      </ol>
    </>
  );
}
