// What makes a site one that is measured: the line in its pages, what counts as one page, and the ways through it.

import { useState } from "preact/hooks";
import { address, hrefWith } from "../../address/navigate.ts";
import { send } from "../../api/client.ts";
import { answerTo, type ScreenData } from "../../api/screen-data.ts";
import type { JourneyRow } from "../../api/visits.ts";
import { formatCount } from "../../words/format.ts";
import { settingsWords } from "../../words/settings.ts";
import { formatTime } from "../../words/time.ts";
import { Code } from "../../widgets/code.tsx";
import { Link } from "../../widgets/link.tsx";
import { Table } from "../../widgets/table.tsx";
import { idOf, Kept, RemoveButton, SmallForm, TryOut } from "./form.tsx";

export function Snippet({ waiting }: { waiting: boolean | undefined }) {
  const words = settingsWords();
  const [said, setSaid] = useState("");
  const snippet = `<script async src="${location.origin}/beacon.js" data-site="${address.value.site ?? ""}"></script>`;
  const copy = (): void => void navigator.clipboard.writeText(snippet).then(() => setSaid(words.copied), () => setSaid(words.copyYourself));
  return (
    <section class="card w-half">
      <header><h2>{words.line}</h2></header>
      <p class="hint">{words.lineHint}</p>
      <Code label={words.line}>{snippet}</Code>
      <p class="ways"><button type="button" class="button" onClick={copy}>{words.copy}</button> <span role="status">{said}</span></p>
      {waiting !== undefined && <p class="more" role="status">{waiting ? words.looking : words.arriving}<span class="pulse" aria-hidden="true" /></p>}
    </section>
  );
}

interface RuleRow {
  readonly pattern: string;
  readonly page: string;
  readonly source: string;
  readonly since: string | null;
  readonly in_effect: boolean;
  readonly version: number;
  readonly author: string | null;
}

interface Ruled {
  readonly words: string;
  readonly views: number;
  readonly changed: number;
  readonly pages: readonly {
    readonly page: string;
    readonly views: number;
    /** Where some of these views are counted now, when that is elsewhere. */
    readonly was: readonly string[];
  }[];
}

/** `/shop/* -> /shop/:product`; the server says what is wrong with anything else. */
const RULE = /^(\S+?)\s*(?:->|→|\s)\s*(.*)$/;

function ruleOf(line: string): Pick<RuleRow, "pattern" | "page"> {
  const [, pattern = line, page = ""] = RULE.exec(line) ?? [];
  return { pattern, page };
}

const linesOf = (text: string): string[] => text.split("\n").map((line) => line.trim()).filter(Boolean);

/** Rules stand together: what the first of them says of its origin is true of all. */
export function PageRules({ data, base, tz }: { data: ScreenData; base: string; tz: string }) {
  const words = settingsWords();
  const [typed, setTyped] = useState<string | null>(null);
  const known = answerTo<RuleRow[]>(data, "page-rules") ?? [];
  const [first] = known;
  const text = typed ?? known.map(({ pattern, page }) => `${pattern} -> ${page}`).join("\n");
  const rules = linesOf(text).map(ruleOf);
  const path = `${base}/page-rules`;
  return (
    <Kept title={words.rules} hint={words.rulesHint} data={data} part="page-rules">
      <TryOut<Ruled> tried={{ rules }} path={path} keepLabel={words.rulesSet} keep={() => send("PUT", path, { rules })} kept={data.retry}
        sentence={({ words: said, changed, views }) => words.rulesWould(said, formatCount(changed), formatCount(views))}
        show={({ pages }) => <Table label={words.preview} rows={pages} by={({ page }) => page} columns={[[words.rulesPage, ({ page }) => page, "wrap"], [words.rulesViews, ({ views }) => formatCount(views), "number"], [words.rulesWas, ({ was }) => was.join(", ") || words.rulesSame, "wrap"]]} />}
      >
        <label>{words.rulesLines}<textarea rows={5} spellcheck={false} placeholder="/shop/*/reviews/** -> /shop/:product/reviews" value={text} onInput={(event) => setTyped(event.currentTarget.value)} /></label>
      </TryOut>
      {first && (
        <p class="hint">
          {first.source === "own" ? words.rulesOwn(words.version(String(first.version), first.author ?? "")) : words.rulesConfigured}
          {!first.in_effect && first.since !== null && ` ${words.rulesFrom(formatTime(Date.parse(first.since), "minute", tz))}`}
          {" "}
          {first.source === "own" && <RemoveButton label={words.rulesBack} path={path} removed={() => { setTyped(null); data.retry(); }} />}
        </p>
      )}
    </Kept>
  );
}

export function Journeys({ data, base }: { data: ScreenData; base: string }) {
  const words = settingsWords();
  return (
    <Kept<JourneyRow & { steps?: number }> title={words.journeys} hint={words.journeysHint} data={data} part="journeys" none={words.noJourneys} columns={[words.journeyName, words.steps]}
      row={(row) => ({
        key: row.id,
        cells: [
          <Link href={hrefWith({ screen: "journeys", id: row.id })}>{row.name}</Link>,
          <>{row.steps === undefined ? "" : formatCount(row.steps)} {!row.defined && <span class="hint">{words.told}</span>}</>,
          row.defined && <RemoveButton what={row.name} path={`${base}/journeys/${encodeURIComponent(row.id)}`} removed={data.retry} />,
        ],
      })}
    >
      <SmallForm label={words.define} fields={[{ name: "name", label: words.journeyName }, { name: "pages", label: words.journeyPages, type: "lines" }, { name: "within", label: words.within, type: "number", optional: true }]}
        submit={({ name = "", pages = "", within }) => send("PUT", `${base}/journeys/${idOf(name)}`, {
          name, steps: linesOf(pages).map((page) => ({ name: page, page })), ...(within ? { within_s: Number(within) } : {}),
        })}
        done={data.retry} />
    </Kept>
  );
}
