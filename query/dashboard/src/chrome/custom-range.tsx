// Two fixed ends of the time looked at, in the screen's time zone.

import { useState } from "preact/hooks";
import { fixedRange } from "../address/range.ts";
import { address, navigate } from "../address/navigate.ts";
import { serverNow } from "../api/client.ts";
import { core } from "../words/core.ts";
import { fromLocal, toLocal } from "../words/time.ts";

const DAY_MS = 86_400_000;

export function CustomRange({ tz, close }: { tz: string; close: () => void }) {
  const { range } = address.value;
  const now = serverNow();
  const [from, setFrom] = useState(toLocal(range.from === null ? now - 7 * DAY_MS : Date.parse(range.from), tz));
  const [to, setTo] = useState(toLocal(range.to === null ? now : Date.parse(range.to), tz));
  const words = core().chrome.range;
  const wrong = !(fromLocal(from, tz) < fromLocal(to, tz));

  function apply(event: Event): void {
    event.preventDefault();
    if (wrong) return;
    navigate({ range: fixedRange(fromLocal(from, tz), fromLocal(to, tz)), step: null });
    close();
  }

  return (
    <form class="form" onSubmit={apply}>
      <label>{words.from}<input type="datetime-local" data-autofocus required value={from} onInput={(event) => setFrom(event.currentTarget.value)} /></label>
      <label>{words.to}<input type="datetime-local" required value={to} onInput={(event) => setTo(event.currentTarget.value)} /></label>
      <p class="hint" role="status">{wrong ? words.order : words.zone(tz.replace("_", " "))}</p>
      <button type="submit" class="button primary" disabled={wrong}>{words.show}</button>
    </form>
  );
}
