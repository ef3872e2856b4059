// What makes a site one that is measured: the line in its pages, what counts as one page, and the ways through it.

import { useState } from "preact/hooks";
import { address, hrefWith } from "../../address/navigate.ts";
import { send } from "../../api/client.ts";
import type { ScreenData } from "../../api/screen-data.ts";
import type { JourneyRow } from "../../api/visits.ts";
import { formatCount } from "../../words/format.ts";
import { settingsWords } from "../../words/settings.ts";
import { Code } from "../../widgets/code.tsx";
import { Link } from "../../widgets/link.tsx";
import { Kept, RemoveButton, SmallForm } from "./form.tsx";

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

const RULES = 'page_rules = [\n  { pattern = "/shop/*/reviews/**", page = "/shop/:product/reviews" },\n]';

export function PageRules() {
  const words = settingsWords();
  return (
    <section class="card w-half">
      <header><h2>{words.rules}</h2></header>
      <p class="hint">{words.rulesHint}</p>
      <Code label={words.rules}>{RULES}</Code>
      <p class="ways"><Link class="button" href={hrefWith({ screen: "pages" })}>{words.rulesLook}</Link></p>
    </section>
  );
}

/** "Check out" → `check-out`: what the API takes as an id. */
const idOf = (name: string): string => name.toLowerCase().replace(/[^a-z0-9._]+/g, "-").replace(/^-|-$/g, "").slice(0, 64);

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
          name, steps: pages.split("\n").map((page) => page.trim()).filter(Boolean).map((page) => ({ name: page, page })), ...(within ? { within_s: Number(within) } : {}),
        })}
        done={data.retry} />
    </Kept>
  );
}
