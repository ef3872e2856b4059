// What a screen shows: its questions asked in one batch, asked again while the range still grows.
// The old picture stays while a new one loads (`stale`), so that nothing jumps.

import { signal } from "../signal.ts";
import { useEffect, useRef, useState } from "preact/hooks";
import { address } from "../address/navigate.ts";
import { endsNow } from "../address/range.ts";
import { batch } from "./client.ts";
import { token } from "./token.ts";
import type { Part } from "./types.ts";

const REFRESH_EVERY_MS = 10_000;
/** A slow server is asked less often: the pause is at least this many times what the answer took. */
const PAUSE_PER_ANSWER = 5;

export interface ScreenData {
  readonly parts: Readonly<Record<string, Part<unknown>>>;
  /** The questions the parts answer, for links to the raw data. */
  readonly paths: Readonly<Record<string, string>>;
  /** What is shown answers an older question. */
  readonly stale: boolean;
  readonly retry: () => void;
}

/** When the freshest data shown was made; read by the chrome. */
export const freshTo = signal<string | null>(null);
/** The connection is lost: the chrome says so once, instead of every widget. */
export const unreachable = signal(false);

export function partAs<Row>(data: ScreenData, name: string): Part<Row> | undefined {
  return data.parts[name] as Part<Row> | undefined;
}

/** What a question was answered with, where it was. */
export function answerTo<Row>(data: ScreenData, name: string): Row | undefined {
  const part = partAs<Row>(data, name);
  return part?.ok ? part.answer.data : undefined;
}

/** `live` asks again and again: as long as the range still grows, where nothing else is said. */
export function useScreenData(paths: Readonly<Record<string, string>>, live = endsNow(address.value.range)): ScreenData {
  const [shown, setShown] = useState<{ key: string; parts: Record<string, Part<unknown>> }>({ key: "", parts: {} });
  const [attempt, setAttempt] = useState(0);
  const key = JSON.stringify(paths);
  const bearer = token.value;
  const latest = useRef(paths);
  latest.current = paths;

  useEffect(() => {
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;

    async function load(): Promise<void> {
      const began = performance.now();
      let parts: Record<string, Part<unknown>>;
      try {
        parts = await batch(latest.current, controller.signal);
      } catch {
        return; // Aborted: a newer question has taken over.
      }
      if (controller.signal.aborted) return;
      const lost = Object.values(parts).every((part) => !part.ok && part.problem.status === 0);
      unreachable.value = lost;
      noteFreshness(parts);
      // A refresh that failed leaves what it wanted to refresh.
      setShown((before) => (before.key === key && lost ? before : { key, parts: keepOnFailure(before, key, parts) }));
      const pause = Math.max(REFRESH_EVERY_MS, (performance.now() - began) * PAUSE_PER_ANSWER);
      if (live || lost) timer = setTimeout(again, pause);
    }

    function again(): void {
      // A tab nobody looks at asks nothing; it catches up when it is looked at.
      if (document.visibilityState === "visible") void load();
      else document.addEventListener("visibilitychange", again, { once: true, signal: controller.signal });
    }

    void load();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [key, attempt, live, bearer]);

  return { parts: shown.parts, paths, stale: shown.key !== key, retry: () => setAttempt((count) => count + 1) };
}

/** During a refresh of the same question, a part that fails with "later" (5xx, 429) leaves its last good answer. */
function keepOnFailure(
  before: { key: string; parts: Record<string, Part<unknown>> },
  key: string,
  parts: Record<string, Part<unknown>>,
): Record<string, Part<unknown>> {
  if (before.key !== key) return parts;
  return Object.fromEntries(
    Object.entries(parts).map(([name, part]) => {
      const old = before.parts[name];
      const passing = !part.ok && (part.problem.status >= 500 || part.problem.status === 429 || part.problem.status === 0);
      return [name, passing && old?.ok ? old : part];
    }),
  );
}

function noteFreshness(parts: Readonly<Record<string, Part<unknown>>>): void {
  for (const part of Object.values(parts)) {
    const to = part.ok ? part.answer.meta?.fresh_to : undefined;
    if (typeof to === "string") {
      freshTo.value = to;
      return;
    }
  }
}
