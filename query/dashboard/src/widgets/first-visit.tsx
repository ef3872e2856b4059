// What a new site shows: the line to paste, and that we are waiting for its first visit.

import { useEffect, useState } from "preact/hooks";
import { address } from "../address/navigate.ts";
import { get } from "../api/client.ts";
import { healthPath } from "../api/paths.ts";
import type { Health } from "../api/types.ts";

const ASK_EVERY_MS = 3_000;

export function FirstVisit({ arrived }: { arrived: () => void }) {
  const [said, setSaid] = useState("");
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
      <h1>Waiting for the first visit<span class="pulse" aria-hidden="true" /></h1>
      <p class="lead">Paste this line into the <code>&lt;head&gt;</code> of every page. Nothing else is needed.</p>
      <pre tabIndex={0} aria-label="The line to paste"><code>{snippet}</code></pre>
      <p>
        <button
          type="button"
          class="button primary"
          onClick={() => navigator.clipboard.writeText(snippet).then(() => setSaid("Copied."), () => setSaid("Please select the line and copy it."))}
        >
          Copy the line
        </button>{" "}
        <span role="status">{said}</span>
      </p>
      <p class="hint">
        Then open a page of your site in a browser. This screen notices within a few seconds of the visit and shows how it felt.
        It sets no cookies and remembers no addresses.
      </p>
      <p class="hint" role="status">Looking every three seconds.</p>
    </div>
  );
}
