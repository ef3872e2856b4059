// Rage clicks: three clicks on one spot within a second, none of which the page answered. A counter that is clicked up quickly
// answers each time, and is no rage.
import { addEvent } from "./snapshot";
import { targetName } from "./target";
import type { Response } from "./response";
import type { Views } from "./views";

export interface Press {
  readonly at: number;
  readonly x: number;
  readonly y: number;
}

const PRESSES = 3;
const WITHIN_MS = 1_000;
const WITHIN_PX = 30;

/** Collects presses; says true once for each burst of rage. */
export class Rage {
  private burst: Press[] = [];
  private told = false;

  /** `answered` is when the page last gave a sign of life. */
  press(press: Press, answered: number): boolean {
    const [first] = this.burst;
    const last = this.burst.at(-1);
    const goesOn =
      first && last && press.at - last.at < WITHIN_MS && Math.hypot(press.x - first.x, press.y - first.y) <= WITHIN_PX;
    if (!goesOn || answered > first.at) {
      this.burst = [];
      this.told = false;
    }
    this.burst.push(press);
    if (this.burst.length > PRESSES) this.burst.shift();
    const rage = this.burst.length === PRESSES && press.at - this.burst[0]!.at <= WITHIN_MS;
    if (!rage || this.told) return false;
    this.told = true;
    return true;
  }
}

/** Double and triple clicks have a meaning in text, and games live on quick clicks. */
const MEANT_FOR_MANY_CLICKS = "input:not([type=button],[type=submit],[type=reset],[type=image]),textarea,select,canvas,video,audio,object,embed,iframe,[contenteditable]";

export function watchRageClicks(views: Views, response: Response): void {
  const rage = new Rage();
  addEventListener(
    "click",
    (event) => {
      const element = event.target as Element | null;
      if (!event.isTrusted || !element?.closest || element.closest(MEANT_FOR_MANY_CLICKS)) return;
      const press = { at: event.timeStamp, x: event.clientX, y: event.clientY };
      const raged = rage.press(press, response.last);
      response.watch();
      if (!raged) return;
      addEvent(views.current, { type: "rage_click", at: event.timeStamp, target: targetName(element) });
      views.changed();
    },
    { capture: true, passive: true },
  );
}
