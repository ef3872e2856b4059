// Browser interfaces that the compiler's own library does not know yet.

export interface FetchLaterResult {
  readonly activated: boolean;
}

export type FetchLater = (url: string, init: RequestInit & { activateAfter?: number }) => FetchLaterResult;

export interface NetworkInformation {
  readonly effectiveType?: string;
  readonly rtt?: number;
  readonly saveData?: boolean;
}

export interface BrowserNavigator extends Navigator {
  readonly globalPrivacyControl?: boolean;
  readonly doNotTrack: string | null;
  readonly connection?: NetworkInformation;
  readonly deviceMemory?: number;
}

export interface EntryChange extends Event {
  readonly navigationType: "push" | "replace" | "traverse" | "reload" | null;
}

export interface BrowserWindow extends Window {
  felt?: FeltStub;
  fetchLater?: FetchLater;
}

/** What the page defines before the script is there: a function that keeps its calls in `q`. */
export interface FeltStub {
  (...args: unknown[]): void;
  q?: ArrayLike<unknown>[];
  /** Set by the beacon that runs, so that a second one on the page stands down. */
  running?: boolean;
}

export const win = window as unknown as BrowserWindow;
export const nav = navigator as BrowserNavigator;
export const now = (): number => performance.now();

/** A function that never throws into the page: the beacon's own fault must not become the page's. */
export function guarded<A extends unknown[]>(call: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    try {
      call(...args);
    } catch {
      // One value is missing; nobody's page is broken.
    }
  };
}

/**
 * Observes entries of a type, those from before included. The returned function hands over what the browser has not delivered
 * yet: when a page is hidden, there may be no later. It does nothing where the browser does not know the type.
 */
export function observe<T extends PerformanceEntry>(
  type: string,
  each: (entry: T) => void,
  options: Record<string, unknown> = {},
): () => void {
  const all = (entries: PerformanceEntryList): void => (entries as T[]).forEach(guarded(each));
  try {
    if (PerformanceObserver.supportedEntryTypes.includes(type)) {
      const observer = new PerformanceObserver((list) => all(list.getEntries()));
      observer.observe({ type, buffered: true, ...options } as PerformanceObserverInit);
      return () => all(observer.takeRecords());
    }
  } catch {
    // Known by name only.
  }
  return () => {};
}
