// Whether the page answers a click: any sign that a person could see or that leads on.
//
// Signs: the document changes, scrolls, moves focus, changes a form value, plays media, changes its URL or goes away.
import { now } from "./browser";

const SIGNS = ["scroll", "focusin", "focusout", "input", "change", "toggle", "play", "submit", "popstate", "selectionchange"];

/** How long a page may take to answer before a click counts as dead, ms. */
export const ANSWER_MS_MAX = 1_500;

export class Response {
  /** When the page last gave a sign. */
  last = -Infinity;
  private readonly changes = new MutationObserver(() => this.sign());
  private timer = 0;

  constructor() {
    for (const sign of SIGNS) addEventListener(sign, () => this.sign(), { capture: true, passive: true });
  }

  sign(): void {
    this.last = now();
  }

  /** Watches the document for as long as an answer may take: at other times it costs nothing. */
  watch(): void {
    this.changes.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.changes.disconnect(), ANSWER_MS_MAX + 100);
  }
}
