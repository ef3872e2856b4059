// What the time above is compared with: nothing, an earlier time, or a release.

import { address } from "../address/navigate.ts";
import { Popover } from "../widgets/popover.tsx";
import { core } from "../words/core.ts";
import { vsWords } from "../words/compare.ts";
import { loadPanels, panels } from "./panels.ts";

export function CompareMenu({ tz }: { tz: string }) {
  const { vs } = address.value;
  const words = core().chrome.compare;
  return (
    <Popover label={words.title} title={words.title} dataKey="c" load={loadPanels} buttonClass={vs === null ? "button" : "button chosen"} button={vs === null ? words.button : vsWords(vs, tz)}>
      {(close) => panels !== undefined && <panels.CompareChoices close={close} />}
    </Popover>
  );
}
