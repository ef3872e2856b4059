// Which time: presets that end now, or two fixed ends.

import { endsNow, PRESETS, presetRange, stepped } from "../address/range.ts";
import { address, hrefWith, navigate } from "../address/navigate.ts";
import { Link } from "../widgets/link.tsx";
import { Popover } from "../widgets/popover.tsx";
import { serverNow } from "../api/client.ts";
import { core } from "../words/core.ts";
import { presetWords, rangeWords } from "../words/time.ts";
import { loadPanels, panels } from "./panels.ts";

export function RangePicker({ tz }: { tz: string }) {
  const { range } = address.value;
  const unlisted = range.preset !== null && !PRESETS.includes(range.preset);
  const custom = range.preset === null;
  const words = core().chrome.range;
  return (
    <div class="segments" role="group" aria-label={words.group}>
      <StepButton direction={-1} />
      {PRESETS.map((preset) => (
        <Link key={preset} href={hrefWith({ range: presetRange(preset), step: null })} title={presetWords(preset) ?? preset} aria-current={range.preset === preset ? "true" : undefined}>
          {words.labels[preset]}
        </Link>
      ))}
      {unlisted && <Link href={hrefWith({})} aria-current="true">{presetWords(range.preset ?? "") ?? range.preset}</Link>}
      <Popover label={words.choose} dataKey="t" load={loadPanels} buttonClass="segment" current={custom} button={custom ? rangeWords(range, tz) : words.custom}>
        {(close) => panels !== undefined && <panels.CustomRange tz={tz} close={close} />}
      </Popover>
      <StepButton direction={1} />
    </div>
  );
}

/** One window earlier or later. A button: what "now" is, is known only when it is pressed. */
function StepButton({ direction }: { direction: -1 | 1 }) {
  const { range } = address.value;
  const words = core().chrome.range;
  const name = direction < 0 ? words.earlier : words.later;
  function go(): void {
    const next = stepped(range, direction, serverNow());
    if (next !== null) navigate({ range: next });
  }
  return (
    <button type="button" class="step" title={name} disabled={direction > 0 && endsNow(range)} onClick={go}>
      <span class="sr-only">{name}</span>
      <span aria-hidden="true">{direction < 0 ? "‹" : "›"}</span>
    </button>
  );
}
