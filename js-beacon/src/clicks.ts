// Clicks in vain.
//
// Rage: three clicks on one spot within a second, none of which the page answered; a counter that is clicked up quickly answers each
// time, and is no rage. Dead: a press on something that looks as if it did something, and nothing happens. Error: a click that the
// page answers with a script error; it is sent as a rage click with `cause: "error"`, for it hurts as much.
//
// An answer is any sign that a person could see or that leads on: the document changes, scrolls, moves focus, changes a form value,
// plays media, changes its URL, asks for something, or goes away. Nothing is read of what people type.
import { later, listen, now, soon } from "./browser";
import { onError } from "./errors";
import { targetName } from "./target";
import { addEvent, current, onBegin } from "./views";

export interface Spot {
  readonly timeStamp: number;
  readonly clientX: number;
  readonly clientY: number;
}

const PRESSES = 3;
const WITHIN_MS = 1_000;
const WITHIN_PX = 30;
/** How long a page may take to answer before a click counts as dead, ms. */
const ANSWER_MS_MAX = 1_500;
/** An error this soon after a click is its answer, ms. */
const ERROR_MS_MAX = 500;
/** Double and triple clicks have a meaning in text, and games live on quick clicks. */
const MANY_CLICKS = "input:not([type=button],[type=submit],[type=reset]),textarea,select,[contenteditable],canvas,video,audio,object,embed";
const LOOKS_ALIVE = "a,button,summary,[type=button],[type=submit],[role=button],[role=link],[role=tab],[role=menuitem]";

let burst: Spot[] = [];
let raged = false;

/** Collects presses; true once for each burst of rage. `answered` is when the page last gave a sign of life. */
export const isRage = (spot: Spot, answered: number): boolean => {
  const { clientX, clientY, timeStamp } = spot;
  const [first = spot] = burst;
  const apart = Math.hypot(clientX - first.clientX, clientY - first.clientY) > WITHIN_PX;
  if (apart || answered > first.timeStamp || timeStamp - (burst.at(-1) ?? spot).timeStamp >= WITHIN_MS) {
    raged = false;
    burst = [];
  }
  burst.push(spot);
  const rage = !raged && timeStamp - burst.at(-PRESSES)?.timeStamp! <= WITHIN_MS;
  raged ||= rage;
  return rage;
};

export const watchClicks = (): void =>
  soon(() => {
    let answered = 0;
    let waiting = 0;
    let lastTarget = "";
    let lastAt = -ERROR_MS_MAX;
    const sign = (): void => {
      answered = now();
    };
    const changes = new MutationObserver(sign);
    listen("scroll focusin focusout input change selectionchange toggle play submit popstate", sign);
    onBegin.push(sign);
    onError._tell = () => {
      if (now() - lastAt < ERROR_MS_MAX) addEvent(current(), "rage_click", { target: lastTarget, cause: "error" });
      // Once a click.
      lastAt = -ERROR_MS_MAX;
    };
    listen("click", (event: MouseEvent) => {
      const { timeStamp } = event;
      const element = event.target as Element;
      // In a shadow tree changes cannot be seen from here, so nothing can be said.
      if (!event.isTrusted || element.shadowRoot) return;
      const view = current();
      if (!element.closest(MANY_CLICKS) && isRage(event, answered)) addEvent(view, "rage_click", { target: targetName(element) });
      const alive = element.closest(LOOKS_ALIVE);
      lastAt = timeStamp;
      lastTarget = targetName(alive ?? element);
      // The document is watched for as long as an answer may take: at other times it costs nothing.
      waiting++;
      changes.observe(document, { attributes: true, characterData: true, childList: true, subtree: true });
      later(() => {
        if (!--waiting) changes.disconnect();
        // A link that leads somewhere is answered by the browser, however long the next page takes.
        const href = alive?.getAttribute("href");
        const leads = href && href !== "#" && !event.defaultPrevented;
        const asked = performance.getEntriesByType("resource").some(({ startTime }) => startTime >= timeStamp);
        if (alive && !leads && !asked && answered < timeStamp && view === current() && !document.hidden) {
          addEvent(view, "dead_click", { target: targetName(alive) }, timeStamp);
        }
      }, ANSWER_MS_MAX);
    });
  });
