// The beacon: reads its settings, decides whether to measure at all, and puts the parts together.
import { createApi } from "./api";
import { guarded, nav, now, win } from "./browser";
import { clientFacts } from "./client";
import { measureCls } from "./cls";
import { readConfig } from "./config";
import { watchDeadClicks } from "./dead_clicks";
import { watchErrors } from "./errors";
import { measureFcp } from "./fcp";
import { watchRoutes } from "./history";
import { share } from "./id";
import { measureInp } from "./inp";
import { measureLcp } from "./lcp";
import { EARLY_SEND_MS } from "./limits";
import { watchLongFrames } from "./long_frames";
import { measureNavigation, navigationEntry, navigationKind } from "./navigation";
import { Outbox } from "./outbox";
import { mayMeasure } from "./privacy";
import { watchRageClicks } from "./rage_clicks";
import { watchRequests } from "./requests";
import { Response } from "./response";
import { createSession, tabStorage } from "./session";
import { watchTimings } from "./timings";
import { cut, scrubUrl } from "./url";
import { Views } from "./views";
import { noteHidden, noteLeft, visibilityBefore } from "./visibility";
import type { FeltStub } from "./browser";
import type { Config } from "./config";
import type { RouteChange } from "./history";
import type { Shared } from "./snapshot";

/** Calls go nowhere, rather than into a queue that nobody empties. */
const standDown = (): void => {
  win.felt = Object.assign(() => {}, { running: true });
};

function run(config: Config): void {
  const storage = tabStorage();
  const sessionAt = createSession(storage);
  const session = (): string => sessionAt(Date.now());
  if (share(session()) >= config.sample) return standDown();

  const shared: Shared = {
    client: clientFacts(),
    release: config.release,
    visitor: undefined,
    tags: {},
    sampleRate: config.sample,
  };
  const here = (): string => scrubUrl(location.href, config.query);
  const isHidden = (): boolean => document.visibilityState === "hidden";

  const views = new Views();
  const entry = navigationEntry();
  const start = entry?.activationStart ?? 0;
  const initial = views.begin({
    nav: navigationKind(entry),
    start,
    begins: 0,
    url: here(),
    referrer: scrubUrl(document.referrer, config.query),
    route: config.route,
    session: session(),
  });
  Object.assign(initial, visibilityBefore(start));

  /** Each hands over what the browser has not delivered yet. */
  const takeRecords: (() => void)[] = [];
  const outbox = new Outbox(
    config.endpoint,
    views,
    shared,
    () => {
      for (const take of takeRecords) take();
      measureNavigation(initial);
      if (views.current.left === undefined) views.current.title = cut(document.title, 256);
    },
    storage,
  );
  views.changed = () => outbox.changed();
  outbox.changed();

  let earlyTimer = 0;
  const sendEarlySoon = (): void => {
    clearTimeout(earlyTimer);
    earlyTimer = window.setTimeout(() => {
      if (!isHidden()) outbox.sendEarly();
    }, EARLY_SEND_MS);
  };
  if (document.readyState === "complete") sendEarlySoon();
  else addEventListener("load", sendEarlySoon, { once: true });

  // Before the library's own listener of the same event: its values after a restore belong to the view that begins here.
  addEventListener(
    "pageshow",
    (event) => {
      if (!event.persisted) return;
      const { url, route } = views.current;
      const time = event.timeStamp;
      const view = views.begin({ nav: "bfcache", start: time, begins: time, url, route, referrer: "", session: session() });
      // Not all browsers have made the page visible by now: https://crbug.com/1133363
      setTimeout(() => {
        if (isHidden()) {
          view.hiddenAtStart = true;
          view.firstHidden = time;
        }
      });
      sendEarlySoon();
    },
    true,
  );

  measureLcp(views, config.query);
  takeRecords.push(watchLongFrames(views), measureFcp(views), measureCls(views), measureInp(views), watchRequests(views, config));
  const response = new Response();
  watchErrors(views);
  watchTimings(views, config.measurePrefix);
  watchRageClicks(views, response);
  watchDeadClicks(views, response);

  const changeRoute = ({ url, time, redirect }: RouteChange): void => {
    response.sign();
    const previous = views.current;
    if (redirect) {
      previous.url = scrubUrl(url, config.query);
      views.changed();
      return;
    }
    noteLeft(previous, time);
    previous.title ||= document.title;
    const view = views.begin({
      nav: "soft",
      start: time,
      begins: time,
      url: scrubUrl(url, config.query),
      referrer: previous.url,
      session: session(),
    });
    view.hiddenAtStart = isHidden();
    if (view.hiddenAtStart) noteHidden(view, time);
    sendEarlySoon();
  };
  // Inside the page's own call of pushState: a fault here must not be its fault.
  watchRoutes(guarded(changeRoute));

  const hide = (time: number): void => {
    noteHidden(views.current, time);
    session();
    outbox.sendNow();
  };
  // In the bubble phase, after the library's listeners in the capture phase: those take their own last entries first, the
  // interaction of a moment ago among them, and report them synchronously.
  addEventListener("visibilitychange", (event) => {
    if (isHidden()) hide(event.timeStamp);
    else outbox.retryKept();
  });
  // A visible page that is left gets this event first, then `visibilitychange`: by then the library has reported the click that
  // leads away, so one request says all. https://html.spec.whatwg.org/multipage/document-lifecycle.html#unload-a-document
  // A page that was hidden before has only this one; when it has nothing new to say, nothing is sent.
  addEventListener("pagehide", () => {
    const time = now();
    if (isHidden()) {
      hide(time);
      return;
    }
    noteLeft(views.current, time);
    noteHidden(views.current, time);
  });

  const api: FeltStub = createApi(views, shared);
  api.running = true;
  const queue = win.felt?.q ?? [];
  win.felt = api;
  for (const call of queue) api(...Array.from(call));
}

const script = document.currentScript ?? document.querySelector("script[data-site]");
const config = script instanceof HTMLScriptElement ? readConfig(script.dataset, script.src || location.href) : undefined;

if (!win.felt?.running) {
  const stub: FeltStub = (...args) => {
    (stub.q ??= []).push(args);
  };
  win.felt ??= stub;
  win.felt.running = true;
  if (!config || !mayMeasure(config, nav)) {
    standDown();
  } else if ((document as { prerendering?: boolean }).prerendering) {
    // A page that is prepared and never shown is no view.
    document.addEventListener("prerenderingchange", () => guarded(run)(config), { once: true });
  } else {
    guarded(run)(config);
  }
}
