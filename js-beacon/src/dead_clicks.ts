// Dead clicks: a press on something that looks as if it did something, and nothing happens.
import { ANSWER_MS_MAX } from "./response";
import { addEvent } from "./snapshot";
import { targetName } from "./target";
import type { Response } from "./response";
import type { Views } from "./views";

const LOOKS_ALIVE = "button,a,summary,[role=button],[role=link],[role=tab],[role=menuitem],input[type=button],input[type=submit]";

/** A link that leads somewhere is answered by the browser, however long the next page takes. */
function leadsAway(element: Element, event: Event): boolean {
  return element.localName === "a" && !!element.getAttribute("href") && element.getAttribute("href") !== "#" && !event.defaultPrevented;
}

export function watchDeadClicks(views: Views, response: Response): void {
  // In the bubble phase and at the window, so that the page's own handlers have had their say about the default.
  addEventListener(
    "click",
    (event) => {
      const target = event.target as Element | null;
      const element = event.isTrusted && event.button === 0 ? target?.closest?.(LOOKS_ALIVE) : undefined;
      // Inside a shadow tree changes cannot be seen from here, so nothing can be said.
      if (!element || target?.shadowRoot || leadsAway(element, event)) return;
      const { current } = views;
      const began = event.timeStamp;
      response.watch();
      setTimeout(() => {
        const requested = performance.getEntriesByType("resource").some((entry) => entry.startTime >= began);
        const gone = views.current !== current || document.visibilityState === "hidden";
        if (response.last >= began || requested || gone) return;
        addEvent(current, { type: "dead_click", at: began, target: targetName(element) });
        views.changed();
      }, ANSWER_MS_MAX);
    },
    { passive: true },
  );
}
