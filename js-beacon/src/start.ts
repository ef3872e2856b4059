// Puts the parts together: decides whether to measure at all, begins views, and sends when they end.
import { api } from "./api";
import { guarded, later, listen, win } from "./browser";
import { measureCls } from "./cls";
import { config, configure, mayMeasure } from "./config";
import { watchErrors } from "./errors";
import { watchFrames } from "./frames";
import { share } from "./id";
import { measureInp } from "./inp";
import { CALLS_KEPT_MAX, EARLY_SEND_MS } from "./limits";
import { measureNavigation, navigationEntry, navigationKind } from "./navigation";
import { measurePaints } from "./paint";
import { watchRoutes } from "./routes";
import { sendEarly, sendNow, startSending } from "./send";
import { session } from "./session";
import { scrubUrl } from "./url";
import { begin, current, noteHidden, onBegin } from "./views";
import { shared } from "./wire";
import type { FeltStub } from "./browser";
import type { Options } from "./config";

/** Something that measures more than the core does; it may read its own settings. */
export type Part = (options: Partial<Options>) => unknown;

const run = (options: Partial<Options>, parts: readonly Part[]): void => {
  shared.sample_rate = config._sample;
  shared.release = options.release;

  let earlyTimer = 0;
  onBegin.push(() => {
    clearTimeout(earlyTimer);
    earlyTimer = later(() => document.hidden || sendEarly(), EARLY_SEND_MS);
  });
  // Before the interactions that they explain.
  if (FULL) watchFrames();
  // Paints before shifts: a page that painted nothing has no CLS.
  for (const part of [measurePaints, measureCls, measureInp, watchErrors, measureNavigation, ...(FULL ? parts : [])]) {
    guarded(part)(options);
  }

  later(watchRoutes);
  later(startSending);
  const entry = navigationEntry();
  const start = entry.activationStart || 0;
  const view = begin(navigationKind(entry), start, scrubUrl(document.referrer), options.route);
  // When the page was `hidden`, and not `visible`, first: from the browser's own record, for the script may have come late; a prerendered page counts from when it was shown.
  const hidden = performance.getEntriesByType("visibility-state").find(({ name, startTime }) => name < "v" && startTime >= start);
  noteHidden(view, hidden?.startTime ?? (document.hidden ? start : undefined));

  listen("pagehide visibilitychange", ({ type, timeStamp }: Event) => {
    const hidden = document.hidden;
    const leaves = type < "v" && !hidden;
    // A visible page that is left gets `pagehide` first, then `visibilitychange`: by then the click that leads away has been reported,
    // so one request says all. https://html.spec.whatwg.org/multipage/document-lifecycle.html#unload-a-document
    // A page that was hidden before has only `pagehide`; when it has nothing new to say, nothing is sent.
    if (leaves) current()._left = timeStamp;
    if (leaves || hidden) noteHidden(current(), timeStamp);
    if (leaves) session();
    if (hidden) {
      sendNow();
      // Storage takes its time as well, and a page that is still there has some.
      later(session);
    }
  });
  listen("pageshow", ({ timeStamp, persisted }: PageTransitionEvent) => {
    if (persisted) begin("bfcache", timeStamp, "", current()._wire.route);
  });
};

/** Starts measuring, unless a beacon runs already or the visitor does not want it. `base` is what a relative endpoint is relative to. */
const startAt = guarded((options: Partial<Options>, base: string, parts: readonly Part[]): void => {
  if (win.felt?.running) return;
  const queue = (win.felt?.q ?? []) as unknown[][];
  // Where nobody is measured, nobody empties it, so it is bounded.
  let deliver: (args: unknown[]) => unknown = (args) => queue[CALLS_KEPT_MAX] || queue.push(args);
  const felt: FeltStub = FULL ? (...args) => deliver(args) : () => {};
  win.felt = felt;
  felt.running = true;
  const go = (): void => {
    configure(options, base);
    if (!mayMeasure(options, navigator as object)) return;
    // What takes long the first time, here and in `run`, has a task of its own: none makes the page wait for long.
    later(
      () =>
        share(session()) >= config._sample ||
        later(() => {
          run(options, parts);
          if (FULL) {
            deliver = api;
            queue.forEach(api);
          }
        }),
    );
  };
  // A page that is prepared and never shown is no view.
  if ((document as { prerendering?: boolean }).prerendering) listen("prerenderingchange", go);
  else go();
});

/** Starts with settings given by the page's own code. */
export const start = (options: Partial<Options>, parts: readonly Part[] = []): void => startAt(options, location.href, parts);

/** Starts with the settings of the script element. */
export const startFromScript = (parts: readonly Part[]): void => {
  // A module, or a script written into the page by another one, does not know its own element. Nor does one in a page where somebody may
  // write HTML and called an element `currentScript`: its settings are not the site's. https://html.spec.whatwg.org/multipage/dom.html#dom-document-nameditem
  const own = document.currentScript;
  const script = (own instanceof HTMLScriptElement ? own : FULL && document.querySelector("script[data-site]")) as HTMLScriptElement;
  startAt(script.dataset, FULL ? script.src || location.href : script.src, parts);
};
