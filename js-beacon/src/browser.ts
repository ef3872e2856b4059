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

/** Observes entries of a type, those from before included; undefined where the browser does not know the type. */
export function observe<T extends PerformanceEntry>(
  type: string,
  each: (entry: T) => void,
  options: Record<string, unknown> = {},
): PerformanceObserver | undefined {
  try {
    if (!PerformanceObserver.supportedEntryTypes.includes(type)) return undefined;
    const observer = new PerformanceObserver((list) => (list.getEntries() as T[]).forEach(each));
    observer.observe({ type, buffered: true, ...options } as PerformanceObserverInit);
    return observer;
  } catch {
    return undefined;
  }
}
