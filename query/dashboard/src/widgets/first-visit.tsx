// What a new site shows: the line to paste, and that we are waiting for its first visit.

import { useEffect } from "preact/hooks";
import { address } from "../address/navigate.ts";
import { get } from "../api/client.ts";
import { healthPath } from "../api/paths.ts";
import type { Health } from "../api/types.ts";
import { core } from "../words/core.ts";
import { Code } from "./code.tsx";
import { CopyButton } from "./copy-button.tsx";

const ASK_EVERY_MS = 3_000;

export function FirstVisit({ arrived }: { arrived: () => void }) {
  const words = core().widgets.first;
  const snippet = `<script async src="${location.origin}/beacon.js" data-site="${address.value.site ?? ""}"></script>`;

  useEffect(() => {
    const controller = new AbortController();
    const timer = setInterval(() => void ask(), ASK_EVERY_MS);
    async function ask(): Promise<void> {
      const part = await get<Health>(healthPath(address.value), controller.signal).catch(() => null);
      if (part?.ok && !part.answer.data.waiting) arrived();
    }
    return () => {
      clearInterval(timer);
      controller.abort();
    };
  }, []);

  return (
    <div class="alone">
      <h1>{words.title}<span class="pulse" aria-hidden="true" /></h1>
      <p class="lead">{words.lead[0]}<code>&lt;head&gt;</code>{words.lead[1]}</p>
      <Code label={words.line}>{snippet}</Code>
      <p><CopyButton text={snippet} words={words.copy} done={words.copied} failed={words.copyYourself} class="button primary" /></p>
      <p class="hint">{words.then}</p>
      <p class="hint" role="status">{words.looking}</p>
    </div>
  );
}
