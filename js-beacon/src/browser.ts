// The few ways in which the beacon touches a browser, each guarded: its own fault must not become the page's.
import type { View } from "./views";

export type FetchLater = (url: string, init: RequestInit & { activateAfter?: number }) => { readonly activated: boolean };

/** What the page defines before the script is there: a function that keeps its calls in `q`. */
export interface FeltStub {
  (...args: unknown[]): unknown;
  q?: ArrayLike<unknown>[];
  /** Set by the beacon that runs, so that a second one on the page stands down. */
  running?: boolean;
}

/** The page's window, with what the compiler's own library does not know yet. */
export const win = window as unknown as Window & {
  felt?: FeltStub;
  fetchLater?: FetchLater;
  navigation?: EventTarget;
  Temporal?: { readonly Now: { timeZoneId(): string } };
};

export const now = (): number => performance.now();

/** What the beacon took of the page's main thread, ms, and what browsers threw away before it could be read. */
export const cost = { cost: 0, longest: 0, missed: 0 };
let depth = 0;

const timed = <R>(call: () => R): R => {
  const from = now();
  depth++;
  try {
    return call();
  } finally {
    // What one part of the beacon calls of another is in the time of the caller.
    if (!--depth) {
      const ms = now() - from;
      cost.cost += ms;
      cost.longest = Math.max(cost.longest, ms);
    }
  }
};

/** A function that never throws into the page: then one value is missing, and nobody's page is broken. */
export const guarded =
  <A extends unknown[], R>(call: (...args: A) => R) =>
  (...args: A): R | undefined => {
    try {
      return FULL ? timed(() => call(...args)) : call(...args);
    } catch {
      return undefined;
    }
  };

/** Listens before the page does, and whatever the page does about it. */
export const listen = <E extends Event>(types: string, call: (event: E) => void): void =>
  types.split(" ").forEach((type) => addEventListener(type, guarded(call) as unknown as EventListener, true));

export const later = (call: () => unknown, ms?: number): number => setTimeout(guarded(call), ms) as unknown as number;

export const supports = (type: string): boolean => PerformanceObserver.supportedEntryTypes.includes(type);

/** What brings a view up to date, in order; some only take what the browser has not delivered yet, for whatever view. */
export const refreshers: ((view: View) => unknown)[] = [];

/** Does something in a task of its own, so that the beacon's start is no long one; before that, when something is to be sent. */
export const soon = (call: () => unknown): void => {
  let calls = 0;
  const once = (): unknown => calls++ || call();
  later(once);
  refreshers.push(once);
};

/** Observes entries of a type, those from before included; nothing happens where the browser does not know the type. */
export const observe = <T extends PerformanceEntry>(type: string, each: (entry: T) => void, options?: object): void => {
  if (!supports(type)) return;
  const all = (entries: PerformanceEntryList): void => (entries as T[]).forEach(guarded(each));
  const observer = new PerformanceObserver(
    FULL
      ? (list, _, more?: { droppedEntriesCount?: number }) => {
          cost.missed += more?.droppedEntriesCount ?? 0;
          all(list.getEntries());
        }
      : (list) => all(list.getEntries()),
  );
  observer.observe({ type, buffered: true, ...options });
  // When a page is hidden, there may be no later.
  refreshers.push(() => all(observer.takeRecords()));
};
