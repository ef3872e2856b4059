// Questions that stand in no batch: what is kept of a site, asked once and not again and again.

import { useEffect, useState } from "preact/hooks";
import { get } from "./client.ts";
import type { ScreenData } from "./screen-data.ts";
import type { Part } from "./types.ts";

/** Asks each question on its own; `retry` asks them all again. */
export function useApart(paths: Readonly<Record<string, string>>): ScreenData {
  const [shown, setShown] = useState<{ key: string; parts: Record<string, Part<unknown>> }>({ key: "", parts: {} });
  const [attempt, setAttempt] = useState(0);
  const key = JSON.stringify(paths);
  useEffect(() => {
    let over = false;
    const asked = Object.entries(paths).map(async ([name, path]) => [name, await get(path)] as const);
    void Promise.all(asked).then((found) => {
      if (!over) setShown({ key, parts: Object.fromEntries(found) });
    });
    return () => {
      over = true;
    };
  }, [key, attempt]);
  return { parts: shown.parts, paths, stale: shown.key !== key, retry: () => setAttempt((count) => count + 1) };
}
