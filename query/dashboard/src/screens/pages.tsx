// "Which pages hurt?" A table of all pages, sorted by the server; a click on one opens it.

import { useEffect, useRef, useState } from "preact/hooks";
import { address, navigate } from "../address/navigate.ts";
import type { Filter } from "../address/filter.ts";
import { apiPath, healthPath } from "../api/paths.ts";
import { groupsOf, rowOf } from "../api/read.ts";
import { answerTo, partAs, useScreenData } from "../api/screen-data.ts";
import type { BreakdownRow, MetricRow } from "../api/types.ts";
import { pagesSentence } from "../words/headline.ts";
import { formatCount } from "../words/format.ts";
import { PagesTable } from "../widgets/pages-table.tsx";
import { isEmpty, Screen } from "../widgets/screen.tsx";
import { Widget } from "../widgets/widget.tsx";
import { core } from "../words/core.ts";
import { noVisitsSentence } from "../words/no-visits.ts";
import { PageDetail } from "./page-detail.tsx";

export const DEFAULT_ORDER = "-lost";
const ROWS = 50;
const ROWS_MAX = 1000;
/** Typing rests this long before the address follows. */
const TYPING_PAUSE_MS = 250;

export function PagesScreen({ tz }: { tz: string }) {
  const { page } = address.value;
  return page === null ? <AllPages tz={tz} /> : <PageDetail key={page} page={page} tz={tz} />;
}

function AllPages({ tz }: { tz: string }) {
  const here = address.value;
  const [rows, setRows] = useState(ROWS);
  const searched: Filter[] = here.search === null ? [] : [{ dimension: "page", op: "glob", values: [globOf(here.search)] }];
  const columns = "happiness,lcp,inp,cls";
  const data = useScreenData({
    pages: apiPath(here, "breakdown", [["by", "page"], ["metrics", columns], ["order", here.order ?? DEFAULT_ORDER], ["limit", String(rows)]], searched),
    worst: apiPath(here, "breakdown", [["by", "page"], ["metrics", "happiness"], ["order", "-lost"], ["limit", "3"]]),
    summary: apiPath(here, "summary", [["metrics", "happiness"]]),
    health: healthPath(here),
  });
  const worst = partAs<BreakdownRow[]>(data, "worst");
  const total = rowOf(answerTo<MetricRow[]>(data, "summary"), "happiness");
  const nothing = isEmpty(data);
  const sentence = worst === undefined ? null : nothing ? noVisitsSentence(here, tz) : !worst.ok || total === undefined ? [{ text: core().sentences.pages }]
    : pagesSentence(groupsOf(worst.answer.data, "page"), total, here, tz);

  return (
    <Screen data={data} phrases={sentence} nothing={nothing}>
      <Widget<BreakdownRow[]> class="w-full table-card tall" title={core().sentences.titles.allPages} data={data} part="pages" actions={<Search />}>
        {(answer) => {
          const groups = groupsOf(answer.data, "page");
          const all = answer.meta.groups ?? groups.length;
          return (
            <>
              <PagesTable groups={groups} total={total} order={here.order ?? DEFAULT_ORDER} searched={here.search} />
              {all > groups.length && (
                <p class="ways">
                  <span class="hint">{core().sentences.ofPages(formatCount(groups.length), formatCount(all))}</span>{" "}
                  {rows < ROWS_MAX && <button type="button" class="button" onClick={() => setRows(Math.min(ROWS_MAX, rows * 4))}>{core().sentences.more}</button>}
                </p>
              )}
            </>
          );
        }}
      </Widget>
    </Screen>
  );
}

/** What a person types is searched anywhere in the page; one who knows globs may write their own. */
export function globOf(text: string): string {
  return /[*?]/.test(text) ? text : `*${text}*`;
}

function Search() {
  const [text, setText] = useState(address.value.search ?? "");
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  // The back button changes the address under the field.
  const inAddress = address.value.search ?? "";
  useEffect(() => setText(inAddress), [inAddress]);
  useEffect(() => () => clearTimeout(timer.current), []);

  function follow(value: string): void {
    setText(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => navigate({ search: value.trim() === "" ? null : value.trim() }, "replace"), TYPING_PAUSE_MS);
  }

  return (
    <span class="search">
      <label>
        <span class="sr-only">{core().sentences.search}</span>
        <input type="search" placeholder={core().sentences.search} value={text} spellcheck={false} onInput={(event) => follow(event.currentTarget.value)} />
      </label>
    </span>
  );
}
