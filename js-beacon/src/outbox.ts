// When and how views leave the browser.
//
// A snapshot is a view's whole state, sent only when that state differs from the one last handed over. Three moments:
// - once, some time after load, while the page is open (`sendEarly`): the answer can be read, so a refusal is tried again;
// - whenever the page is hidden or left (`sendNow`): synchronously, for there may be no later;
// - when the page dies without saying so: the browser sends what `later.ts` has armed with the state of the last change.
import { nav, now } from "./browser";
import { Kept } from "./kept";
import { Later } from "./later";
import { ARM_INTERVAL_MS } from "./limits";
import { bodiesOf, snapshotOf, stateOf } from "./snapshot";
import type { TabStorage } from "./session";
import type { Shared, View } from "./snapshot";
import type { Views } from "./views";

/** Wait before a refused request is tried again where the server does not say: between one and two of these, ms. */
const RETRY_MS = 15_000;

type Due = readonly { readonly view: View; readonly state: string }[];

export class Outbox {
  private readonly later: Later;
  private readonly kept: Kept;
  private armTimer = 0;
  private retryTimer = 0;

  constructor(
    private readonly endpoint: string,
    private readonly views: Views,
    private readonly shared: Shared,
    /** Brings views up to date before they are read. */
    private readonly refresh: () => void,
    storage: TabStorage | undefined,
  ) {
    this.later = new Later(endpoint);
    this.kept = new Kept(storage);
    this.retryKept();
  }

  /** Something changed: arms the request of last resort anew, soon. */
  changed(): void {
    if (!this.later.supported || this.armTimer) return;
    this.armTimer = window.setTimeout(() => {
      this.armTimer = 0;
      const due = this.due();
      this.later.arm(this.compose(due), () => commit(due));
    }, ARM_INTERVAL_MS);
  }

  /** Sends what changed, with a request whose answer can be read. */
  sendEarly(): void {
    this.later.disarm();
    const due = this.due();
    const bodies = this.compose(due);
    commit(due);
    for (const body of bodies) this.post(body);
    this.views.prune();
  }

  /** Sends what changed before this call returns. */
  sendNow(): void {
    this.later.disarm();
    const due = this.due();
    const bodies = this.compose(due);
    commit(due);
    for (const body of bodies) {
      if (!this.beacon(body) && !this.later.now(body)) this.post(body);
    }
    this.views.prune();
  }

  /** Tries again what could not be sent before, on this page or the one before it in the tab. */
  retryKept(): void {
    clearTimeout(this.retryTimer);
    for (const body of this.kept.takeAll(Date.now())) this.post(body);
  }

  private due(): Due {
    this.refresh();
    return this.views.list.map((view) => ({ view, state: stateOf(view, this.shared) })).filter(({ view, state }) => state !== view.sent);
  }

  private compose(due: Due): string[] {
    const time = now();
    return bodiesOf(due.map(({ view, state }) => snapshotOf(view, state, time)));
  }

  /** False when the browser will not take it: the 64 KiB that all scripts of the page share may be spent. */
  private beacon(body: string): boolean {
    try {
      return nav.sendBeacon(this.endpoint, body);
    } catch {
      return false;
    }
  }

  /** Posts a body that outlives the page; while nobody has answered for it, it is kept. */
  private post(body: string): void {
    const sentAt = Date.now();
    const again = (afterMs: number): void => {
      this.kept.add(body, sentAt);
      clearTimeout(this.retryTimer);
      this.retryTimer = window.setTimeout(() => this.retryKept(), afterMs * (1 + Math.random()));
    };
    // A string goes as text/plain, which needs no preflight.
    fetch(this.endpoint, { method: "POST", body, keepalive: true, credentials: "omit" }).then(
      (answer) => {
        if (answer.status === 429 || answer.status >= 500) again(Number(answer.headers.get("Retry-After")) * 1000 || RETRY_MS);
      },
      () => again(RETRY_MS),
    );
  }
}

function commit(due: Due): void {
  for (const { view, state } of due) {
    view.sent = state;
    view.seq++;
  }
}
