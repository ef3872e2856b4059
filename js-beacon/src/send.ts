// When and how views leave the browser.
//
// A snapshot is a view's whole state, sent only when that state differs from the one last handed over. Three moments:
// - once, some time after load, while the page is open (`sendEarly`): the answer can be read, so a refusal is tried again;
// - whenever the page is hidden or left (`sendNow`): handed to the browser synchronously, for there may be no later;
// - when the page dies without a word: the browser sends what is armed here with the state of the last change, by fetchLater.
//   https://wicg.github.io/pending-beacon/ (Chrome and Edge 135; its quota is apart from that of sendBeacon and keepalive)
//
// What was refused, or could not leave because there is no network, is kept: in memory, and in localStorage where the visitor has
// consented, for at most a day.
import { waitMs } from "./backoff";
import { guarded, later, listen, now, refreshers, win } from "./browser";
import type { FetchLater } from "./browser";
import { config } from "./config";
import { AGE_MS_MAX, ARMED_MS_MAX, ARM_CREDIT_MS, ARM_INTERVAL_MS, KEPT_CHARS_MAX, VIEWS_KEPT_MAX } from "./limits";
import { session } from "./session";
import { cut } from "./url";
import { current, list } from "./views";
import { bodyOf, groupsOf, stateOf } from "./wire";
import type { Item } from "./wire";

export const KEY = "felt.kept";

let disarm: (() => undefined) | undefined;
/** Gone where the page's policy forbids it, or only reports it: each call would be one more violation. */
let fetchLater: FetchLater | undefined | false = win.fetchLater;
let armTimer = 0;
/** From when on it may be armed again, ms. */
let armFrom = 0;

/** Until when the server has peace (unix ms), and failures in a row. */
let peaceUntil = 0;
let failures = 0;
let kept: Item[] = [];

const request = (items: readonly Item[], more?: object): RequestInit => ({ body: bodyOf(items), credentials: "omit", method: "POST", keepalive: true, ...more });

/** Hands items to the browser, to be sent when the page is gone or as soon as may be; undefined where it cannot, or its quota is spent. */
const postLater = (items: readonly Item[], more: object) =>
  guarded(fetchLater as FetchLater)(config._endpoint, request(items, more));

/**
 * Brings the views up to date, and gives those that have something new to say, and what to call once that is on its way. What was
 * armed is taken back, unless it is gone.
 */
const due = (): [items: Item[], commit: () => void] => {
  // It gives nothing back, so that it is called once.
  disarm = disarm?.();
  current()._wire.title = cut(document.title);
  for (const view of list) {
    // Storage may take milliseconds to answer the first time, so a page's start does not wait for it.
    view._wire.session ||= session();
    for (const refresh of refreshers) guarded(refresh)(view);
  }
  const views = list.filter((view) => config._open && (view._state = stateOf(view)) !== view._sent);
  return [
    views.map(({ _seq, _id, _start, _state }) => [_id, _seq, 0, performance.timeOrigin + _start, _state!]),
    () => {
      for (const view of views) {
        view._seq++;
        view._sent = view._state;
      }
    },
  ];
};

const take = (): Item[] => {
  const [items, commit] = due();
  commit();
  return items;
};

/** To be called after every change of any view: arms the request of last resort anew, at once unless that was done often of late. */
export const changed = (): void => {
  if (fetchLater) {
    armTimer ||= later(() => {
      const [items, commit] = due();
      // What that took from the observers is in it.
      armTimer = 0;
      armFrom = Math.max(now() - ARM_CREDIT_MS, armFrom + ARM_INTERVAL_MS);
      const abort = new AbortController();
      const armed = groupsOf(items).map((group) => postLater(group, { activateAfter: ARMED_MS_MAX, signal: abort.signal }));
      // With a reason, or the browser makes an error of its own, stack and all.
      disarm = () => (armed.some((result) => result?.activated) ? commit() : abort.abort(1)) as undefined;
    }, armFrom - now());
  }
};

/** Keeps what could not be sent; the oldest ones make room. True when it outlives the page. Where nothing is kept, nothing stays stored. */
const keep = (items: readonly Item[]): unknown => {
  kept.push(...items);
  let text;
  while ((text = JSON.stringify(kept)).length > KEPT_CHARS_MAX) kept.shift();
  return config._keeps && guarded(() => (kept[0] ? (localStorage[KEY] = text) : delete localStorage[KEY]))();
};

/** Tries again what could not be sent before, on this page or an earlier one, once the server has had its peace. */
const retry = (): void => {
  const time = Date.now();
  if (time < peaceUntil) later(retry, peaceUntil - time);
  else {
    const items = kept.filter((item) => time - item[3] < AGE_MS_MAX && ++item[2]);
    kept = [];
    if (!items[0]) keep(items);
    post(items);
  }
};

/** Posts items by requests that outlive the page, and hears the answers while it is there. */
const post = (items: readonly Item[]): void => {
  for (const group of groupsOf(items)) {
    // A string goes as text/plain, which needs no preflight.
    fetch(config._endpoint, request(group))
      .catch(() => {})
      .then(
        guarded((answer: Response | void) => {
          if (answer?.status! < 500 && answer!.status !== 429) {
            failures = 0;
            // Not before: this page, too, may be left while its request is still on its way.
            keep([]);
          } else {
            peaceUntil = Date.now() + waitMs(failures++, answer?.headers.get("Retry-After"), Math.random());
            keep(group);
            retry();
          }
        }),
      );
  }
};

/** Sends what changed, with a request whose answer can be read. */
export const sendEarly = (): void => post(take());

/** Sends what changed before this call returns. */
export const sendNow = (): void => {
  let items = take();
  list.splice(0, list.length - VIEWS_KEPT_MAX);
  if (peaceUntil > Date.now() || !navigator.onLine) {
    // There is no use in a request that cannot arrive, as long as there is a place to keep it. Elsewhere what was refused before is tried once more.
    if (keep(items)) return;
    items = kept;
  }
  for (const group of groupsOf(items)) {
    // Both outlive the page. The first one takes less of the page's time and carries no cookies; where it is missing, or has spent its quota, the
    // second one returns false when the 64 KiB that all scripts of the page share are spent.
    if (!postLater(group, { activateAfter: 0 }) && !guarded(() => navigator.sendBeacon(config._endpoint, bodyOf(group)))()) post(group);
  }
};

/** Takes over what an earlier page left, where it may be kept at all. */
export const restore = (): void => {
  if (!config._keeps) return;
  keep(guarded(() => (JSON.parse(localStorage[KEY] as string) as Item[]).filter(([view]) => view))() || []);
  retry();
};

export const startSending = (): void => {
  listen("online", retry);
  restore();
  listen("securitypolicyviolation", ({ blockedURI }: SecurityPolicyViolationEvent) => {
    if (config._endpoint === blockedURI) fetchLater = false;
  });
};
