// The site's anchored scales: what is delightful, annoying, painful, brutal. New ones are tried on past visits before they are set.

import { useState } from "preact/hooks";
import { address } from "../../address/navigate.ts";
import { send } from "../../api/client.ts";
import { partAs, type ScreenData } from "../../api/screen-data.ts";
import { ShareBar } from "../../charts/share-bar.tsx";
import { type Level, LEVELS } from "../../stats/happiness.ts";
import { formatCount, formatLimit, formatScore } from "../../words/format.ts";
import { glossary } from "../../words/glossary.ts";
import { language } from "../../words/language.ts";
import { settingsWords } from "../../words/settings.ts";
import { Missing } from "../../widgets/term.tsx";
import { Kept, problemWords, RemoveButton } from "./form.tsx";

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
  const [preview, setPreview] = useState<Preview | null>(null);
  const [said, setSaid] = useState("");
  const thresholds = [0, 1, 2].map((index) => Number((limits[index] ?? "").replace(",", ".")));
  const rising = thresholds.every((value, index) => value > (thresholds[index - 1] ?? 0));
  const scale = { metric, thresholds, ...(page === "" ? {} : { page }) };
  const change = (apply: () => void): void => {
    apply();
    setPreview(null);
    setSaid("");
  };

  async function tryOut(event: Event): Promise<void> {
    event.preventDefault();
    if (!rising) return setSaid(words.threeRising);
    const part = await send<Preview>("POST", `${base}/scales/preview`, { scales: [scale], range: address.value.range.preset ?? "28d" });
    setPreview(part.ok ? part.data : null);
    setSaid(part.ok ? "" : problemWords(part.problem));
  }

  async function keep(): Promise<void> {
    const same = known.find((row) => !row.built_in && row.metric === metric && (row.pages ?? "") === page && row.journey === null);
    const id = same?.id ?? `${metric}-${page}`.toLowerCase().replace(/[^a-z0-9._]+/g, "-").replace(/^-|-$/g, "").slice(0, 64);
    const part = await send("PUT", `${base}/scales/${id}`, scale);
    setSaid(part.ok ? words.wasSet : problemWords(part.problem));
    if (part.ok) saved();
  }

  return (
    <details class="more" open={preview !== null || undefined}>
      <summary>{words.other}</summary>
      <form class="form" onSubmit={(event) => void tryOut(event)}>
        <label>{words.measure}<select value={metric} onChange={(event) => { const chosen = event.currentTarget.value; change(() => { setMetric(chosen); setLimits(held(chosen)); }); }}>{MEASURES.map((one) => <option key={one} value={one}>{name(one)}</option>)}</select></label>
        <label>{words.page}<input value={page} placeholder="/checkout/*" onInput={(event) => { const typed = event.currentTarget.value.trim(); change(() => setPage(typed)); }} /></label>
        <div class="three">
          {words.levels.map((label, index) => (
            <label key={label}>{label}{metric === "cls" ? "" : " (ms)"}<input inputMode="decimal" value={limits[index] ?? ""} onInput={(event) => { const typed = event.currentTarget.value; change(() => setLimits([0, 1, 2].map((at) => (at === index ? typed : limits[at] ?? "")))); }} /></label>
          ))}
        </div>
        <button type="submit" class="button">{words.preview}</button>
        {preview !== null && (
          <>
            {language.value === "en" && <p><b>{preview.words}</b></p>}
            <PreviewBar label={words.now} value={preview.happiness_now} levels={preview.levels_now} />
            <PreviewBar label={words.then} value={preview.happiness} levels={preview.levels} />
            <button type="button" class="button primary" onClick={() => void keep()}>{words.set}</button>
          </>
        )}
        <p role="status" hidden={said === ""}>{said}</p>
      </form>
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
