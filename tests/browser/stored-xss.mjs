// Opens every screen of a running felt (`--base URL`) whose data came from hostile beacons, in light and dark, and holds on every one:
// no dialog, no request to anywhere else, no script or element that the app did not make, no link that leads to a script.
// Prints one JSON line at the end: {"screens":…,"shown":…,"links":…}. Exit code 1 with every fault on standard error.
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { startBrowser } from "./lib/cdp.mjs";

const { values } = parseArgs({ options: { base: { type: "string" }, site: { type: "string", default: "shop" } } });
const strings = JSON.parse(await readFile(new URL("../hostile/strings.json", import.meta.url), "utf8"));
const WAIT_MS_MAX = 120_000;
/** Elements that the app is made of. Anything else came out of the data. */
const OURS = new Set(
  ("html head body meta title link script div main header nav figure figcaption blockquote progress meter picture footer section article aside h1 h2 h3 h4 p a span b strong em i small abbr code pre ul ol li dl dt dd table caption " +
    "thead tbody tfoot tr th td colgroup col form label input textarea select option optgroup button fieldset legend time details summary dialog output template noscript hr br sup sub mark kbd " +
    "svg g path rect circle line polyline polygon text tspan title desc defs clippath lineargradient stop use pattern mask").split(" "),
);
const faults = [];
/** Where a fault was made on purpose. */
const PROBE = "probe";
let links = 0;
const shown = new Set();

/** Runs in the page: what an injected string would leave behind. */
function inspect(ours, strings) {
  const found = [];
  const text = document.body.innerText + [...document.querySelectorAll("[title],[aria-label],option,input")].map((e) => ` ${e.title} ${e.ariaLabel} ${e.value} `).join("");
  let links = 0;
  const addresses = { href: /^(https?:|\/|\?|#|$|data:image\/svg|blob:)/i, src: /^(\/|data:image)/i, action: /^(\/|\?|#|$)/i, formaction: /^$/ };
  for (const element of document.querySelectorAll("*")) {
    const name = element.localName.toLowerCase();
    if (!ours.includes(name)) found.push(`an element <${name}>: ${element.outerHTML.slice(0, 120)}`);
    for (const { name: attribute, value } of element.attributes) {
      if (attribute.startsWith("on") || attribute === "srcdoc" || attribute === "http-equiv") found.push(`an attribute ${attribute}=${value.slice(0, 80)} on <${name}>`);
      const lawful = addresses[attribute.replace("xlink:", "")];
      if (lawful && !lawful.test(value)) found.push(`<${name} ${attribute}=${value.slice(0, 80)}>`);
    }
    if (name === "a") {
      links++;
      if (element.href && !["http:", "https:", "blob:"].includes(new URL(element.href, location).protocol)) found.push(`a link to ${element.href.slice(0, 80)}`);
      if (element.href && new URL(element.href, location).origin !== location.origin && !element.href.startsWith("blob:")) found.push(`a link to elsewhere: ${element.href.slice(0, 80)}`);
    }
    if (name === "script" && (!element.src || new URL(element.src).origin !== location.origin)) found.push(`a script: ${element.outerHTML.slice(0, 120)}`);
    if (name === "b" && element.textContent === "bold") found.push("markup out of a text");
  }
  if (window.hurts.length > 0) found.push(...window.hurts.map((hurt) => `ran: ${hurt}`));
  return { found, links, seen: strings.map((string, index) => (text.includes(string.trim()) ? index : -1)).filter((index) => index >= 0) };
}

class Screen {
  #connection;
  #session;
  #unlisten;
  where = "nowhere";

  static async open(browser, origin) {
    const screen = new Screen();
    const { connection } = browser;
    const { browserContextId } = await connection.send("Target.createBrowserContext");
    const { targetId } = await connection.send("Target.createTarget", { url: "about:blank", browserContextId });
    const { sessionId } = await connection.send("Target.attachToTarget", { targetId, flatten: true });
    Object.assign(screen, { origin });
    screen.#connection = connection;
    screen.#session = sessionId;
    screen.#unlisten = connection.listen((message) => {
      if (message.sessionId !== sessionId) return;
      const { method, params } = message;
      if (method === "Page.javascriptDialogOpening") {
        screen.fault(`a dialog: ${params.message}`);
        void screen.send("Page.handleJavaScriptDialog", { accept: false });
      }
      if (method === "Network.requestWillBeSent") {
        const { protocol, origin: to } = new URL(params.request.url);
        if (to !== origin && !["data:", "blob:"].includes(protocol)) screen.fault(`a request to ${params.request.url}`);
      }
      if (method === "Log.entryAdded" && params.entry.source === "security") screen.fault(`the policy had to stop something: ${params.entry.text}`);
      if (method === "Runtime.exceptionThrown") screen.fault(`an exception: ${params.exceptionDetails.exception?.description ?? params.exceptionDetails.text}`);
      if (method === "Page.windowOpen") screen.fault(`a window: ${params.url}`);
    });
    for (const domain of ["Page", "Network", "Runtime", "Log"]) await screen.send(`${domain}.enable`);
    const watch = `window.hurts = []; window.hurt = (what) => window.hurts.push(String(what));
      document.addEventListener("securitypolicyviolation", (event) => window.hurts.push("stopped by the policy: " + event.blockedURI));`;
    await screen.send("Page.addScriptToEvaluateOnNewDocument", { source: watch });
    return screen;
  }

  fault(what) {
    faults.push(`${this.where}: ${what}`);
  }

  send(method, params) {
    return this.#connection.send(method, params, this.#session);
  }

  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async until(expression) {
    const end = Date.now() + WAIT_MS_MAX;
    while (!(await this.evaluate(`!!(${expression})`))) {
      if (Date.now() > end) throw new Error(`${this.where}: not within ${WAIT_MS_MAX} ms: ${expression}; shown: ${await this.evaluate("document.body.innerText.slice(0, 500)")}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Shows an address until everything on it has come. */
  async show(path) {
    this.where = path.length > 160 ? `${path.slice(0, 160)}…` : path;
    // A navigation to the same document would not load it.
    await this.send("Page.navigate", { url: "about:blank" });
    await this.until("location.href === 'about:blank'");
    const { errorText } = await this.send("Page.navigate", { url: this.origin + path });
    if (errorText) throw new Error(`${path}: ${errorText}`);
    await this.settled();
    await this.look();
  }

  settled() {
    return this.until(`location.origin === ${JSON.stringify(this.origin)} && document.readyState === "complete" && document.querySelector("main")
      && !document.querySelector("[aria-busy=true], .waiting") && document.querySelector("main h1")`);
  }

  async look() {
    const { found, links: count, seen } = await this.evaluate(`(${inspect})(${JSON.stringify([...OURS])}, ${JSON.stringify(strings)})`);
    for (const fault of found) this.fault(fault);
    for (const index of seen) shown.add(index);
    links += count;
  }

  /** Opens whatever opens: explanations, menus, the table behind each chart; looks at each. */
  async open() {
    const count = await this.evaluate("document.querySelectorAll('main button, main summary, .chips button, main [role=button]').length");
    for (let index = 0; index < count; index++) {
      const gone = await this.evaluate(`(() => {
        const button = document.querySelectorAll('main button, main summary, .chips button, main [role=button]')[${index}];
        // What leaves the page or writes a file is not opened but gone to.
        if (!button || button.disabled || /download|curl|copy|retry|try again/i.test(button.textContent)) return true;
        button.click();
        return false;
      })()`);
      if (gone) continue;
      await this.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(true))))");
      await this.look();
      await this.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })); document.body.click(); true");
    }
    // Tooltips follow the pointer.
    const charts = await this.evaluate("[...document.querySelectorAll('main svg')].slice(0, 12).map((svg) => { const r = svg.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })");
    for (const [x, y] of charts) {
      await this.send("Input.dispatchMouseEvent", { type: "mouseMoved", x, y, button: "none" });
      await this.look();
    }
  }

  close() {
    this.#unlisten();
  }
}

const origin = new URL(values.base).origin;
const browser = await startBrowser();
let screens = 0;
try {
  const root = `/sites/${encodeURIComponent(values.site)}`;
  const api = async (path) => (await (await fetch(`${origin}/api/v1${root}/${path}`)).json()).data;
  const dimensions = (await api("schema")).dimensions.map(({ name }) => name);
  const pages = (await api("values/page?limit=1000&range=24h&who=all")).map(({ value }) => value);
  const tags = dimensions.filter((name) => name.startsWith("tag:"));
  await detects(browser, origin);
  const filter = (dimension, value) => `f=${encodeURIComponent(dimension)}:is:${encodeURIComponent(value)}`;
  for (const scheme of ["light", "dark"]) {
    const screen = await Screen.open(browser, origin);
    const visit = async (path) => {
      await screen.show(path);
      screens++;
    };
    await screen.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
    await visit(`${root}/happiness?range=24h&who=all`);
    // Every screen that the app itself leads to.
    const known = await screen.evaluate("[...document.querySelectorAll('nav a, header a')].map((a) => a.pathname)");
    for (const path of new Set([...known.filter((path) => path.startsWith(`${root}/`)), `${root}/happiness`, `${root}/pages`])) {
      await visit(`${path}?range=24h&who=all`);
      await screen.open();
    }
    // Each page that the beacons named, by itself.
    for (const page of scheme === "light" ? pages : pages.slice(0, 3)) await visit(`${root}/pages?range=24h&who=all&page=${encodeURIComponent(page)}`);
    // Each string as a filter chip, as what was searched, as anything that an address may carry.
    for (const string of scheme === "light" ? strings : strings.slice(0, 3)) {
      const value = encodeURIComponent(string);
      const three = [filter("release", string), filter("page", string), filter(tags[0] ?? "tag:plan", string)].join("&");
      await visit(`${root}/pages?range=24h&who=all&${three}&q=${value}&order=${value}&metric=${value}&tz=${value}&step=${value}`);
    }
    for (const string of strings.slice(0, scheme === "light" ? 12 : 2)) {
      await visit(`/sites/${encodeURIComponent(string)}/happiness`);
    }
    // The list of values that a person types among.
    await visit(`${root}/happiness?range=24h&who=all`);
    for (const dimension of dimensions) {
      await screen.evaluate("document.querySelector('.chips button').click(); true");
      await screen.until("document.querySelector('.filter-form select')");
      await screen.evaluate(`(() => {
        const select = document.querySelector('.filter-form select');
        select.value = ${JSON.stringify(dimension)};
        select.dispatchEvent(new Event("change", { bubbles: true }));
        return true;
      })()`);
      const some = (await api(`values/${encodeURIComponent(dimension)}?range=24h&who=all&limit=1`)).length > 0;
      if (some) await screen.until("document.querySelector('.filter-form [role=option]')");
      await screen.look();
      await screen.evaluate("document.querySelector('.chips button').click(); true");
    }
    screen.close();
  }
} finally {
  await browser.close();
}
/** An element that is put in on purpose has to be noticed, or the rest of the run means nothing. */
async function detects(browser, origin) {
  const probe = await Screen.open(browser, origin);
  await probe.show("/");
  probe.where = PROBE;
  await probe.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=https://evil.example/ onerror=hurt(1)>'); true");
  await probe.look();
  probe.close();
  const noticed = faults.filter((fault) => fault.startsWith(PROBE)).length;
  if (noticed === 0) throw new Error("an element put in on purpose was not noticed");
}

for (const fault of new Set(faults.filter((fault) => !fault.startsWith(PROBE)))) console.error(fault);
console.log(JSON.stringify({ screens, shown: shown.size, links }));
process.exitCode = faults.some((fault) => !fault.startsWith(PROBE)) ? 1 : 0;
