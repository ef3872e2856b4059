// What a comparison can be with: nothing, an earlier time, or a release that was seen.

import { useEffect, useState } from "preact/hooks";
import { printVs, type Vs } from "../address/compare.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { get } from "../api/client.ts";
import { apiPath } from "../api/paths.ts";
import type { ValueRow } from "../api/types.ts";
import { Link } from "../widgets/link.tsx";
import { core } from "../words/core.ts";

const RELEASES_SHOWN = 8;

export function CompareChoices({ close }: { close: () => void }) {
  const words = core().chrome.compare;
  const [releases, setReleases] = useState<readonly ValueRow[] | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    const path = apiPath({ ...address.value, filters: [] }, "values/release", [["limit", String(RELEASES_SHOWN)]]);
    get<ValueRow[]>(path, controller.signal).then((part) => setReleases(part.ok ? part.answer.data.filter(({ value }) => Boolean(value)) : []), () => undefined);
    return () => controller.abort();
  }, []);
  const times: readonly { vs: Vs | null; name: string; hint: string }[] = [
    { vs: null, name: words.off, hint: words.offHint },
    { vs: { kind: "prev" }, name: words.prev, hint: words.prevHint },
    { vs: { kind: "week" }, name: words.week, hint: words.weekHint },
    { vs: { kind: "year" }, name: words.year, hint: words.yearHint },
  ];
  return (
    <div class="menu compare" onClick={(event) => { if ((event.target as Element).closest("a")) close(); }}>
      {times.map(({ vs, name, hint }, index) => <Choice key={name} vs={vs} hint={hint} first={index === 0}>{name}</Choice>)}
      <p class="menu-title">{words.releases}</p>
      {releases?.map(({ value }) => <Choice key={value} vs={{ kind: "release", release: value }}>{value}</Choice>)}
      {releases?.length === 0 && <p>{words.noReleases}</p>}
    </div>
  );
}

function Choice({ vs, hint, first = false, children }: { vs: Vs | null; hint?: string; first?: boolean; children: string }) {
  const now = address.value.vs;
  const current = vs === null ? now === null : now !== null && printVs(vs) === printVs(now);
  return (
    <Link href={hrefWith({ vs })} aria-current={current ? "true" : undefined} autofocus={first}>
      <span>{children}</span>
      {hint !== undefined && <span class="hint">{hint}</span>}
    </Link>
  );
}
