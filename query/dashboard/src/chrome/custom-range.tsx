// Two fixed ends of the time looked at, in the screen's time zone: two days of a calendar, or to the minute.

import { useState } from "preact/hooks";
import { fixedRange } from "../address/range.ts";
import { address, navigate } from "../address/navigate.ts";
import { serverNow } from "../api/client.ts";
import { core } from "../words/core.ts";
import { fromLocal, toLocal } from "../words/time.ts";
import { Calendar } from "./calendar.tsx";

const DAY_MS = 86_400_000;
/** The day of a local time, and the midnight that begins a day. */
const dayOf = (local: string): number => Math.floor(Date.parse(`${local}:00Z`) / DAY_MS);
const midnight = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 16);

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
      <Calendar from={dayOf(from)} to={Math.ceil(Date.parse(`${to}:00Z`) / DAY_MS) - 1} today={dayOf(toLocal(now, tz))}
        choose={(first, last) => { setFrom(midnight(first)); setTo(midnight(last + 1)); }} />
      <label>{words.from}<input type="datetime-local" required value={from} onInput={(event) => setFrom(event.currentTarget.value)} /></label>
      <label>{words.to}<input type="datetime-local" required value={to} onInput={(event) => setTo(event.currentTarget.value)} /></label>
      <p class="hint" role="status">{wrong ? words.order : words.zone(tz.replace("_", " "))}</p>
      <button type="submit" class="button primary" disabled={wrong}>{words.show}</button>
    </form>
  );
}
