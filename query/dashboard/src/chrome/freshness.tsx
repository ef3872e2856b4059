// How fresh the picture is: "up to 10:42, 38 s ago". Counts by itself; says so once when the connection is lost.

import { useEffect, useState } from "preact/hooks";
import { clockSkewMs } from "../api/client.ts";
import { freshTo, unreachable } from "../api/screen-data.ts";
import { core } from "../words/core.ts";
import { formatFreshness } from "../words/time.ts";

export function Freshness({ tz }: { tz: string }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  if (unreachable.value) {
    return <p class="freshness lost" role="alert">{core().chrome.freshness.lost}</p>;
  }
  if (freshTo.value === null) return <p class="freshness" />;
  const at = Date.parse(freshTo.value);
  const current = Math.max(now, Date.now()) + clockSkewMs.value;
  const late = current - at > 120_000;
  return (
    <p class={`freshness ${late ? "late" : ""}`} title={core().chrome.freshness.title}>
      {formatFreshness(at, current, tz)}
    </p>
  );
}
