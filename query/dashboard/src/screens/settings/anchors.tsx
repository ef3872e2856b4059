// The site's anchored scales: what is delightful, annoying, painful, brutal. New ones are tried on past visits before they are set.

import { useState } from "preact/hooks";
import { send, type Written } from "../../api/client.ts";
import { partAs, type ScreenData } from "../../api/screen-data.ts";
import { ShareBar } from "../../charts/share-bar.tsx";
import { type Level, LEVELS } from "../../stats/happiness.ts";
import { formatCount, formatLimit, formatScore } from "../../words/format.ts";
import { glossary } from "../../words/glossary.ts";
import { language } from "../../words/language.ts";
import { settingsWords } from "../../words/settings.ts";
import { Missing } from "../../widgets/term.tsx";
import { idOf, Kept, RemoveButton, TryOut } from "./form.tsx";

export interface ScaleRow {
  readonly id: string;
  readonly pages: string | null;
  readonly journey: string | null;
  readonly metric: string;
  readonly thresholds: readonly number[];
  readonly version: number;
  readonly author: string | null;
  readonly built_in: boolean;
}

interface Preview {
  readonly happiness: number | null;
  readonly happiness_now: number | null;
  readonly views: number;
  readonly levels: readonly { level: Level; count: number }[];
  readonly levels_now: readonly { level: Level; count: number }[];
  readonly words: string;
}

const MEASURES = ["lcp", "inp", "cls", "usable"];

export function Anchors({ data, base, name }: { data: ScreenData; base: string; name: (metric: string) => string }) {
  const words = settingsWords();
  const part = partAs<ScaleRow[]>(data, "scales");
  const where = (row: ScaleRow): string => [row.pages, row.journey === null ? null : words.onJourney(row.journey)].filter(Boolean).join(", ") || words.everywhere;
  return (
    <Kept<ScaleRow> title={words.anchors} hint={words.anchorsHint} data={data} part="scales" none="" columns={[words.measure, words.where, ...words.levels]}
      row={(row) => ({
        key: row.id,
        cells: [
          name(row.metric),
          <>{where(row)} <span class="hint">{row.built_in ? words.standard : words.version(String(row.version), row.author ?? "")}</span></>,
          ...[0, 1, 2].map((index) => (row.thresholds[index] === undefined ? <Missing /> : formatLimit(row.thresholds[index], row.metric === "cls" ? "score" : "ms"))),
          !row.built_in && <RemoveButton what={`${name(row.metric)}, ${where(row)}`} path={`${base}/scales/${row.id}`} removed={data.retry} />,
        ],
      })}
    >
      {part?.ok && <Proposal known={part.answer.data} base={base} name={name} saved={data.retry} />}
    </Kept>
  );
}

function Proposal({ known, base, name, saved }: { known: readonly ScaleRow[]; base: string; name: (metric: string) => string; saved: () => void }) {
  const words = settingsWords();
  const held = (metric: string): string[] => (known.find((row) => row.metric === metric && row.pages === null && row.journey === null)?.thresholds ?? []).map(String);
  const [metric, setMetric] = useState("lcp");
  const [page, setPage] = useState("");
  const [limits, setLimits] = useState(held("lcp"));
  const thresholds = [0, 1, 2].map((index) => Number((limits[index] ?? "").replace(",", ".")));
  const rising = thresholds.every((value, index) => value > (thresholds[index - 1] ?? 0));
  const scale = { metric, thresholds, ...(page === "" ? {} : { page }) };

  function keep(): Promise<Written<unknown>> {
    const same = known.find((row) => !row.built_in && row.metric === metric && (row.pages ?? "") === page && row.journey === null);
    return send("PUT", `${base}/scales/${same?.id ?? idOf(`${metric}-${page}`)}`, scale);
  }

  return (
    <details class="more">
      <summary>{words.other}</summary>
      <TryOut<Preview> tried={{ scales: [scale] }} path={`${base}/scales`} wrong={!rising && words.threeRising} keepLabel={words.set} keep={keep} kept={saved}
        sentence={(found) => (language.value === "en" ? found.words : "")}
        show={(found) => <><PreviewBar label={words.now} value={found.happiness_now} levels={found.levels_now} /><PreviewBar label={words.then} value={found.happiness} levels={found.levels} /></>}
      >
        <label>{words.measure}<select value={metric} onChange={(event) => { const chosen = event.currentTarget.value; setMetric(chosen); setLimits(held(chosen)); }}>{MEASURES.map((one) => <option key={one} value={one}>{name(one)}</option>)}</select></label>
        <label>{words.page}<input value={page} placeholder="/checkout/*" onInput={(event) => setPage(event.currentTarget.value.trim())} /></label>
        <div class="three">
          {words.levels.map((label, index) => (
            <label key={label}>{label}{metric === "cls" ? "" : " (ms)"}<input inputMode="decimal" value={limits[index] ?? ""} onInput={(event) => { const typed = event.currentTarget.value; setLimits([0, 1, 2].map((at) => (at === index ? typed : limits[at] ?? ""))); }} /></label>
          ))}
        </div>
      </TryOut>
    </details>
  );
}

function PreviewBar({ label, value, levels }: { label: string; value: number | null; levels: Preview["levels"] }) {
  const total = levels.reduce((sum, { count }) => sum + count, 0);
  const of = (level: Level): number => levels.find((row) => row.level === level)?.count ?? 0;
  return (
    <div>
      <p>{label}: <b>{value === null ? <Missing /> : formatScore(value)}</b> <span class="hint">{LEVELS.map((level) => `${formatCount(of(level))} ${glossary()[level].word}`).join(", ")}</span></p>
      {total > 0 && <ShareBar parts={LEVELS.map((level) => ({ name: level, share: of(level) / total }))} />}
    </div>
  );
}
