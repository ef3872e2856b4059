// Which time: presets that end now, or two fixed ends.

import { useState } from "preact/hooks";
import { PRESETS, presetRange, presetWords } from "../address/range.ts";
import { address, hrefWith, navigate } from "../address/navigate.ts";
import { Link } from "../widgets/link.tsx";
import { Popover } from "../widgets/popover.tsx";
import { rangeWords, zoneOffsetMs } from "../words/time.ts";
import { serverNow } from "./freshness.tsx";

export function RangePicker({ tz }: { tz: string }) {
  const { range } = address.value;
  const unlisted = range.preset !== null && !PRESETS.some(({ preset }) => preset === range.preset);
  const custom = range.preset === null;
  return (
    <div class="segments" role="group" aria-label="Time range">
      {PRESETS.map(({ preset, label, words }) => (
        <Link key={preset} href={hrefWith({ range: presetRange(preset), step: null })} title={words} aria-current={range.preset === preset ? "true" : undefined}>
          {label}
        </Link>
      ))}
      {unlisted && <Link href={hrefWith({})} aria-current="true">{presetWords(range.preset ?? "") ?? range.preset}</Link>}
      <Popover label="Choose a time range" buttonClass="segment" current={custom} button={custom ? rangeWords(range, tz) : "Custom"}>
        {(close) => <CustomRange tz={tz} close={close} />}
      </Popover>
    </div>
  );
}

const DAY_MS = 86_400_000;

function CustomRange({ tz, close }: { tz: string; close: () => void }) {
  const { range } = address.value;
  const now = serverNow();
  const [from, setFrom] = useState(toLocal(range.from === null ? now - 7 * DAY_MS : Date.parse(range.from), tz));
  const [to, setTo] = useState(toLocal(range.to === null ? now : Date.parse(range.to), tz));
  const wrong = !(fromLocal(from, tz) < fromLocal(to, tz));

  function apply(event: Event): void {
    event.preventDefault();
    if (wrong) return;
    const instant = (local: string): string => new Date(fromLocal(local, tz)).toISOString().replace(".000Z", "Z");
    navigate({ range: { preset: null, from: instant(from), to: instant(to) }, step: null });
    close();
  }

  return (
    <form class="form" onSubmit={apply}>
      <label>From<input type="datetime-local" data-autofocus required value={from} onInput={(event) => setFrom(event.currentTarget.value)} /></label>
      <label>To, not included<input type="datetime-local" required value={to} onInput={(event) => setTo(event.currentTarget.value)} /></label>
      <p class="hint" role="status">{wrong ? "The end must be after the beginning." : `Times of ${tz.replace("_", " ")}.`}</p>
      <button type="submit" class="button primary" disabled={wrong}>Show this time</button>
    </form>
  );
}

/** What a datetime-local field shows: the screen's zone, whole minutes. */
function toLocal(at: number, tz: string): string {
  return new Date(at + zoneOffsetMs(at, tz)).toISOString().slice(0, 16);
}

function fromLocal(local: string, tz: string): number {
  const asUtc = Date.parse(`${local}:00Z`);
  return asUtc - zoneOffsetMs(asUtc - zoneOffsetMs(asUtc, tz), tz);
}
