// Route changes of single-page applications: the URL changes without a new document.
//
// A new path (or a new path inside a `#/…` fragment) is a new view; a new query alone is not, for searches write it at every key.
// The Navigation API reports all of them; elsewhere pushState and replaceState are wrapped.
import { guarded, listen, now, win } from "./browser";
import { routeKey, scrubUrl } from "./url";
import { begin, current, noteHidden } from "./views";
import { changed } from "./send";

export const watchRoutes = (): void => {
  let key: string;
  let lastChange = 0;
  let lastInput = 0;
  listen("keydown pointerdown", ({ timeStamp }) => (lastInput = timeStamp));

  /** `type` begins with an `r` where the URL was replaced. */
  const check = guarded((type?: string | null) => {
    const next = routeKey(location);
    if (next === key) return;
    key = next;
    const previous = current();
    const time = now();
    if (type?.[0] === "r" && lastInput <= lastChange) {
      // The URL was put right rather than left: nobody has done anything in this view yet.
      previous._wire.url = scrubUrl(location.href);
      changed();
      return;
    }
    lastChange = previous._left = time;
    const view = begin("soft", time, previous._wire.url);
    if (document.hidden) noteHidden(view, time);
  });

  // The view began in an earlier task: an app that has put its URL right since has replaced it.
  check("r");

  if (win.navigation) return win.navigation.addEventListener("currententrychange", (event) => check((event as Event & { navigationType: string }).navigationType));
  for (const method of ["pushState", "replaceState"] as const) {
    const original = history[method];
    history[method] = function (...args) {
      original.apply(this, args);
      check(method);
    };
  }
  listen("hashchange popstate", check as () => void);
};
