// What the menu of a card's figures offers: a CSV file, or a command that fetches the same.

import { useState } from "preact/hooks";
import { request } from "../api/client.ts";
import { asCurl } from "../api/paths.ts";
import { token } from "../api/token.ts";
import { core } from "../words/core.ts";

export function DataChoices({ path, name }: { path: string; name: string }) {
  const [said, setSaid] = useState("");
  const words = core().widgets.data;

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(asCurl(path, location.origin, token.value !== null));
      setSaid(words.copied);
    } catch {
      // Without a secure context there is no clipboard: the address can still be opened.
      setSaid(words.noClipboard);
    }
  }

  async function download(): Promise<void> {
    setSaid("");
    try {
      const response = await request(path, { headers: { Accept: "text/csv" } });
      if (!response.ok) throw new Error(String(response.status));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await response.blob());
      link.download = `felt-${name}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      setSaid(words.downloaded);
    } catch {
      setSaid(words.failed);
    }
  }

  return (
    <div class="menu">
      <button type="button" data-autofocus onClick={() => void download()}>{words.csv}</button>
      <button type="button" onClick={() => void copy()}>{words.curl}</button>
      <p role="status">{said}</p>
    </div>
  );
}
