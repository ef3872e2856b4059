// The form that tells an incident. A stretch that was dragged over the chart fills in its times, the filters above say
// what was hit.

import { useState } from "preact/hooks";
import { FRESH } from "../../address/address.ts";
import { printFilter } from "../../address/filter.ts";
import { address, navigate } from "../../address/navigate.ts";
import { problemText, send, serverNow } from "../../api/client.ts";
import { sitePath } from "../../api/paths.ts";
import type { IncidentRow } from "../../api/types.ts";
import { filterWords } from "../../chrome/chips.tsx";
import { markWords } from "../../words/marks.ts";
import { fromLocal, toLocal } from "../../words/time.ts";

const HOUR_MS = 3_600_000;

export function Declare({ span, tz }: { span: { from: number; to: number } | null; tz: string }) {
  const { filters } = address.value;
  const words = markWords().incidents;
  const [title, setTitle] = useState("");
  const [note, setNote] = useState("");
  const [from, setFrom] = useState(toLocal(span?.from ?? serverNow() - HOUR_MS, tz));
  const [to, setTo] = useState(span === null ? "" : toLocal(span.to, tz));
  const [fault, setFault] = useState("");
  const wrong = to !== "" && !(fromLocal(from, tz) < fromLocal(to, tz));

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const instant = (local: string): string => new Date(fromLocal(local, tz)).toISOString();
    const body = {
      title, from: instant(from), ...(to === "" ? {} : { to: instant(to) }), ...(note === "" ? {} : { note }),
      ...(filters.length === 0 ? {} : { filters: filters.map((filter) => decodeURIComponent(printFilter(filter))) }), source: span === null ? "api" : "chart",
    };
    const written = await send<IncidentRow>("POST", sitePath(address.value, "incidents"), body);
    if (written.ok) navigate({ ...FRESH, id: written.data.id });
    else setFault(problemText(written.problem));
  }

  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      <label>{words.title}<input type="text" required maxLength={200} value={title} onInput={(event) => setTitle(event.currentTarget.value)} /></label>
      <label>{words.from}<input type="datetime-local" required value={from} onInput={(event) => setFrom(event.currentTarget.value)} /></label>
      <label>{words.to}<input type="datetime-local" value={to} onInput={(event) => setTo(event.currentTarget.value)} /></label>
      <p class="hint">{words.filters}: {filters.length === 0 ? words.everything : filters.map(filterWords).join(", ")}</p>
      <label>{words.note}<input type="text" maxLength={1000} value={note} onInput={(event) => setNote(event.currentTarget.value)} /></label>
      {(wrong || fault !== "") && <p class="failed" role="alert">{wrong ? words.wrongOrder : fault}</p>}
      <button type="submit" class="button primary" disabled={wrong}>{words.submit}</button>
    </form>
  );
}
