// One tab as a visitor uses it: goes somewhere, clicks, turns to another tab, comes back, closes it.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const library = readFileSync(fileURLToPath(import.meta.resolve("web-vitals")).replace(/[^/]*$/, "web-vitals.iife.js"), "utf8");
/** A copy of web-vitals that hands what it sees to `oracleSays`, as JSON. */
export const webVitals = `${library}\n${readFileSync(new URL("oracle.js", import.meta.url), "utf8")}`;
const WAIT_MS_MAX = 15_000;

/** What `heard` waits for: a metric above zero, of a kind of navigation if one is named. */
export const is = (metric, navigation) => (report) => report.metric === metric && report.value > 0 && (!navigation || report.navigation === navigation);

/**
 * Opens visits: each has its own cookies, cache and storage, as a new person would. A `plain` one is in the profile's own window,
 * for what browsers do not do in private ones.
 */
export async function openVisit(browser, { plain = false } = {}) {
  const { connection } = browser;
  if (plain) return { openTab: (options) => Tab.open(connection, undefined, options), close: async () => {} };
  const { browserContextId } = await connection.send("Target.createBrowserContext");
  return {
    openTab: (options) => Tab.open(connection, browserContextId, options),
    close: () => connection.send("Target.disposeBrowserContext", { browserContextId }).catch(() => {}),
  };
}

/** The browser never told of what was waited for, neither web-vitals nor anyone. */
export class Unheard extends Error {}

export class Tab {
  /** What the web-vitals copy in the page reported: newest value of each metric by navigation. */
  oracle = [];
  #connection;
  #context;
  #target;
  #session;
  #unlisten;
  #events = new Set();

  static async open(connection, browserContextId, { background = false, script = "" } = {}) {
    const { targetId } = await connection.send("Target.createTarget", { url: "about:blank", browserContextId, background });
    const { sessionId } = await connection.send("Target.attachToTarget", { targetId, flatten: true });
    const tab = new Tab();
    tab.#connection = connection;
    tab.#context = browserContextId;
    tab.#target = targetId;
    tab.#session = sessionId;
    tab.#unlisten = connection.listen((message) => {
      if (message.sessionId !== sessionId) return;
      if (message.method === "Runtime.bindingCalled" && message.params.name === "oracleSays") {
        tab.oracle.push(JSON.parse(message.params.payload));
      }
      for (const listener of tab.#events) listener(message);
    });
    await tab.send("Page.enable");
    await tab.send("Runtime.enable");
    await tab.send("Runtime.addBinding", { name: "oracleSays" });
    // A new window takes a moment to be seen; a page that goes somewhere before that would count as opened in the background.
    if (!background) await tab.until("document.visibilityState === 'visible'");
    await tab.send("Page.addScriptToEvaluateOnNewDocument", { source: `${script}\n${webVitals}` });
    return tab;
  }

  send(method, params) {
    return this.#connection.send(method, params, this.#session);
  }

  /** Resolves with the next event of that name. Call it before what causes the event. */
  event(method) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => done(reject, new Error(`no ${method} within ${WAIT_MS_MAX} ms`)), WAIT_MS_MAX);
      const listener = (message) => {
        if (message.method === method) done(resolve, message.params);
      };
      const done = (end, value) => {
        clearTimeout(timer);
        this.#events.delete(listener);
        end(value);
      };
      this.#events.add(listener);
    });
  }

  /** Goes to a URL and waits for its load event, unless told not to. */
  async go(url, { wait = true } = {}) {
    const loaded = wait ? this.event("Page.loadEventFired") : undefined;
    // It may fail before anyone waits for it.
    loaded?.catch(() => {});
    const { errorText } = await this.send("Page.navigate", { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await loaded;
  }

  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until an expression is true in the page. */
  async until(expression, Failure = Error) {
    const end = Date.now() + WAIT_MS_MAX;
    for (;;) {
      if (await this.evaluate(`!!(${expression})`)) return;
      if (Date.now() > end) throw new Failure(`not within ${WAIT_MS_MAX} ms: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Presses the middle of an element with a real, trusted mouse. */
  async click(selector, times = 1) {
    const [x, y] = await this.evaluate(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      element.scrollIntoView({ block: "center", behavior: "instant" });
      const { x, y, width, height } = element.getBoundingClientRect();
      return [x + width / 2, y + height / 2];
    })()`);
    const mouse = { x, y, button: "left", clickCount: 1 };
    await this.send("Input.dispatchMouseEvent", { ...mouse, type: "mouseMoved", button: "none" });
    for (let n = 0; n < times; n++) {
      await this.send("Input.dispatchMouseEvent", { ...mouse, type: "mousePressed" });
      await this.send("Input.dispatchMouseEvent", { ...mouse, type: "mouseReleased" });
    }
  }

  /** Types into what has the focus, key by key. */
  async type(text) {
    for (const key of text) {
      await this.send("Input.dispatchKeyEvent", { type: "keyDown", key, text: key });
      await this.send("Input.dispatchKeyEvent", { type: "keyUp", key });
    }
  }

  /** Presses a key that is no letter: `Tab`, `Escape`, `Enter`, ` `. */
  async press(key, code = key, keyCode = { Tab: 9, Enter: 13, Escape: 27, " ": 32, ArrowRight: 39 }[key]) {
    const text = key === "Enter" ? "\r" : key === " " ? " " : undefined;
    await this.send("Input.dispatchKeyEvent", { type: text ? "keyDown" : "rawKeyDown", key, code, windowsVirtualKeyCode: keyCode, text });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", key, code, windowsVirtualKeyCode: keyCode });
  }

  /** Waits until web-vitals has told of a metric that passes the test: what both observe has been handed out by then. */
  async heard(test) {
    const end = Date.now() + WAIT_MS_MAX;
    while (!this.oracle.some(test)) {
      if (Date.now() > end) throw new Unheard(`web-vitals never said ${test}; it said ${JSON.stringify(this.oracle.map(({ metric, value, navigation }) => [metric, value, navigation]))}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Waits until the browser has told that the page was painted. */
  shown() {
    return this.until("performance.getEntriesByName('first-contentful-paint').length", Unheard);
  }

  /** Waits until what was done has been drawn. */
  painted() {
    return this.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(true)))))");
  }

  /** Turns to another tab of the same window; this one is hidden when the promise resolves. */
  async hide() {
    const { targetId } = await this.#connection.send("Target.createTarget", { url: "about:blank", browserContextId: this.#context });
    this.other = targetId;
    await this.until("document.visibilityState === 'hidden'");
  }

  /** Turns back to this tab. */
  async show() {
    await this.#connection.send("Target.activateTarget", { targetId: this.#target });
    await this.until("document.visibilityState === 'visible'");
  }

  /** Goes back or forward in the tab's history. Resolves when the page shows again. */
  async travel(steps) {
    const { entries, currentIndex } = await this.send("Page.getNavigationHistory");
    const { id, url } = entries[currentIndex + steps];
    await this.send("Page.navigateToHistoryEntry", { entryId: id });
    await this.until(`location.href === ${JSON.stringify(url)} && document.readyState === "complete"`);
  }

  async close() {
    await this.#connection.send("Target.closeTarget", { targetId: this.#target });
    this.#unlisten();
  }
}
