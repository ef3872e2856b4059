// Route changes of single-page applications: the URL changes without a new document.
//
// A new path (or a new path inside a `#/…` fragment) is a new view; a new query alone is not, for searches write it at every key.
// The Navigation API reports all of them; elsewhere pushState and replaceState are wrapped.
import { now } from "./browser";
import { routeKey } from "./url";
import type { EntryChange } from "./browser";

export interface RouteChange {
  readonly url: string;
  readonly time: number;
  /** The URL was put right rather than left: replaced before the visitor did anything in this view. */
  readonly redirect: boolean;
}

/** Calls back after each change of route. */
export function watchRoutes(changed: (change: RouteChange) => void): void {
  let key = routeKey(location.href);
  let lastInput = -Infinity;
  // The document itself came at 0.
  let lastChange = 0;
  for (const type of ["pointerdown", "keydown"]) {
    addEventListener(type, (event) => (lastInput = event.timeStamp), { capture: true, passive: true });
  }

  const check = (type: EntryChange["navigationType"]): void => {
    const next = routeKey(location.href);
    if (next === key) return;
    key = next;
    const redirect = type === "replace" && lastInput < lastChange;
    const time = now();
    if (!redirect) lastChange = time;
    changed({ url: location.href, time, redirect });
  };

  const navigation = (window as { navigation?: EventTarget }).navigation;
  if (navigation) {
    navigation.addEventListener("currententrychange", (event) => check((event as EntryChange).navigationType));
    return;
  }
  for (const [method, type] of [["pushState", "push"], ["replaceState", "replace"]] as const) {
    const original = history[method];
    history[method] = function (...args) {
      original.apply(this, args);
      check(type);
    };
  }
  addEventListener("popstate", () => check("traverse"), true);
  addEventListener("hashchange", () => check("traverse"), true);
}
