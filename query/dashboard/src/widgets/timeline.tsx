// The story of a visit, in the order of time: each page view with how it felt, and what happened in it.

import type { TimelineRow, Visit } from "../api/visits.ts";
import { formatDuration, formatValue, orDash, plural } from "../words/format.ts";
import { glossary } from "../words/glossary.ts";
import { formatMoney } from "../words/money.ts";
import { core } from "../words/core.ts";
import { sessionWords } from "../words/sessions.ts";
import { Felt } from "./felt.tsx";
import { Figure } from "./figure.tsx";

/** Minutes and seconds since the visit began, "0:07"; hours where there are any, "1:00:07". */
function after(row: TimelineRow, begin: number): string {
  const seconds = Math.max(0, Math.round((Date.parse(row.at) - begin) / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours === 0 ? `${minutes}:${two(seconds % 60)}` : `${hours}:${two(minutes)}:${two(seconds % 60)}`;
}

function what(row: TimelineRow): string {
  const words = sessionWords();
  const { happened } = words;
  const took = formatDuration(row.value ?? row.duration ?? 0);
  if (row.type === "error") return happened.error(row.message ?? row.source ?? "");
  if (row.type === "timing") return happened.timing(row.name ?? "", took);
  if (row.type === "step") return happened.step(row.step ?? "", row.journey ?? "", row.amount == null ? "" : `, ${formatMoney(row.amount, row.currency ?? null, 2)}`);
  if (row.type === "request") return happened.request(String(row.status ?? 0), row.url ?? "");
  if (row.type === "rage_click" || row.type === "dead_click") return happened[row.type](row.target ?? "");
  if (row.type === "long_frame") return happened.long_frame(took);
  if (row.type === "feedback") return happened.feedback(row.score == null ? "" : words.score(String(row.score), String(row.of ?? "?")), row.text ? `“${row.text}”` : "");
  return happened.view;
}

const value = (one: number | null | undefined, unit: string): string => orDash(one, (known) => formatValue(known, unit));

export function Timeline({ visit }: { visit: Visit }) {
  const words = sessionWords();
  const lines = visit.timeline;
  const begin = Date.parse(visit.started_at);
  const views = lines.filter((row) => row.type === "view").length;
  const measures = (row: TimelineRow): string[] => (row.type === "view" ? [value(row.lcp, "ms"), value(row.inp, "ms"), value(row.cls, "score")] : ["", "", ""]);
  return (
    <Figure
      summary={words.summary(plural(views, ...words.view), plural(lines.length - views, ...words.event))}
      columns={words.columns}
      rows={() => lines.map((row) => [after(row, begin), what(row), row.page, orDash(row.level, (level) => glossary()[level].word), ...measures(row)])}
    >
      <ol class="timeline">
        {lines.map((row, index) => {
          const [lcp, inp, cls] = measures(row);
          return (
            <li key={index} class={row.type === "view" ? "view" : row.type}>
              <span class="after">{after(row, begin)}</span>
              {row.type !== "view" ? <p>{what(row)}</p> : (
                <div>
                  <p><b>{row.page}</b> <Felt level={row.level} />{row.cause && <span class="hint">{` · ${core().names.causes[row.cause].clause}`}</span>}</p>
                  <p class="hint">{`${words.opening} ${lcp} · ${words.reacting} ${inp} · ${words.jumping} ${cls}`}</p>
                </div>
              )}
            </li>
          );
        })}
      </ol>
    </Figure>
  );
}
