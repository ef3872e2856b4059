// One request that the browser sends by itself when the page is gone, however it went: fetchLater, with the current state.
// https://wicg.github.io/pending-beacon/ (Chrome and Edge 135; its quota is apart from that of sendBeacon and keepalive)
import { win } from "./browser";
import type { FetchLaterResult } from "./browser";

export class Later {
  private armed: { abort: AbortController; results: FetchLaterResult[]; sent: () => void } | undefined;

  constructor(private readonly endpoint: string) {}

  get supported(): boolean {
    return !!win.fetchLater;
  }

  /** Arms requests in place of those armed before. `sent` is called when it turns out that the browser has sent them. */
  arm(bodies: readonly string[], sent: () => void): void {
    this.disarm();
    const abort = new AbortController();
    const results = bodies.map((body) => this.post(body, { signal: abort.signal })).filter((result) => result !== undefined);
    if (results.length) this.armed = { abort, results, sent };
  }

  /** Takes the armed requests back, unless they are under way already. */
  disarm(): void {
    const { armed } = this;
    this.armed = undefined;
    if (!armed) return;
    if (armed.results.some((result) => result.activated)) armed.sent();
    else armed.abort.abort();
  }

  /** Hands over a request to be sent as soon as may be; false where the browser cannot, or its quota is spent. */
  now(body: string): boolean {
    return this.post(body, { activateAfter: 0 }) !== undefined;
  }

  private post(body: string, init: { signal?: AbortSignal; activateAfter?: number }): FetchLaterResult | undefined {
    try {
      return win.fetchLater?.(this.endpoint, { method: "POST", body, ...init });
    } catch {
      return undefined;
    }
  }
}
