// Of many page visits that end in the harshest ways: the share whose final values arrive, for the beacon as it is installed (nothing stored but
// the session id) and for one whose visitors consented, beside a plain "sendBeacon when hidden" on web-vitals in the same pages.
// `npm run delivery -- 1000` (visits, spread evenly over the ways of ending and the two installs; a second number says how many at
// once, words after it take only the ways of ending that contain one of them).
//
// What is final is what an independent web-vitals told last before the end; a visit that had no value yet does not count, and one that
// ended before the beacon's script had come is counted apart: nobody but the page itself could have told of it. What counts as arrived
// is what the server did not refuse. With `SHOW=1` each visit with a value missing is told, with when its page took the last step.
import { startBrowser } from "../lib/cdp.mjs";
import { startServer } from "../lib/server.mjs";
import { openVisit } from "../lib/tab.mjs";

const VISITS = Number(process.argv[2] ?? 160);
const AT_ONCE = Number(process.argv[3] ?? 10);
const ONLY = process.argv.slice(4);
const TOLERANCE = { lcp: 1, inp: 1, cls: 0.001 };
/** A browser goes on living for a while after a tab is closed; ending it at once would end its last requests too. */
const AFTERLIFE_MS = 3_000;

const INSTALLS = { default: "", consent: 'data-consent="given"' };

// The twelve lines of web-vitals' README, given everything it can report.
const BASELINE = `
  const values = {};
  const add = ({ name, value }) => (values[name.toLowerCase()] = value);
  for (const name of ["onLCP", "onINP", "onCLS", "onFCP", "onTTFB"]) webVitals[name](add, { reportAllChanges: true });
  addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") navigator.sendBeacon("/baseline", JSON.stringify({ url: location.pathname, values }));
  });`;

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Visits that have a server which is out of order: path to how it refuses. */
const outages = new Map();
/** Visits whose beacon met an outage. */
const met = new Set();
/** What arrived, by who sent it and path. */
const arrived = { felt: new Map(), baseline: new Map() };

/** Answers a post that tells of `paths` as their server does at the moment; true where it took it. */
function takes(answer, paths) {
  const outage = outages.get(paths.find((path) => outages.has(path)));
  if (outage === "drops") answer.destroy();
  else if (outage === "refuses") answer.writeHead(503, { "Retry-After": "1" }).end();
  else answer.writeHead(204).end();
  return !outage;
}

const server = await startServer({
  pages: {
    "/baseline": (answer, { body }) => {
      const { url, values } = JSON.parse(body);
      if (takes(answer, [url])) arrived.baseline.set(url, values);
    },
    "/v1/beacon": (answer, { body }) => {
      const snapshots = JSON.parse(body).map((snapshot) => ({ ...snapshot, path: new URL(snapshot.url).pathname }));
      const taken = takes(answer, snapshots.map(({ path }) => path));
      for (const snapshot of snapshots) {
        const { path, seq } = snapshot;
        if (!taken) met.add(path);
        else if (seq > (arrived.felt.get(path)?.seq ?? -1)) arrived.felt.set(path, snapshot);
      }
    },
  },
  otherPages: (path) =>
    path.startsWith("/v/") &&
    ((answer) => {
      answer.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
      answer.end(`<!doctype html><title>A page</title><link rel="icon" href="data:,">
        <script async src="/beacon.js" data-site="shop" ${INSTALLS[path.split("/")[2]]}
          onload="oracleSays(JSON.stringify({ href: location.href, metric: 'script', document: performance.timeOrigin, at: performance.timeOrigin + performance.now() }))"></script>
        <body><h1>A page</h1><button id="b">Press</button><img src="/shop/img/hero.webp?delay=250" width="600" height="300" alt="">
        <script>b.onclick = () => { const end = performance.now() + 60; while (performance.now() < end); };</script><script>${BASELINE}</script>`);
    }),
});

const click = async (tab) => {
  await tab.until("window.felt && felt.running");
  await tab.click("#b");
  await tab.painted();
};
const crash = async (tab) => {
  tab.send("Page.crash").catch(() => {});
  await wait(300);
};
/** The next page of the same person, later. */
const nextPage = async ({ visit, install }) => {
  const tab = await visit.openTab();
  await tab.go(`${server.base}/shop/cart`);
  await tab.until("window.felt && felt.running");
  if (install === "consent") await tab.evaluate("felt('consent', true)");
  await wait(1_000);
  await tab.close();
};
/** The server goes while the page is open, is away when it ends, and back for the next one. */
const outage = (how) => async (one) => {
  const { tab, url, path } = one;
  await tab.go(url);
  await click(tab);
  outages.set(path, how);
  // Long enough open to hear of it.
  for (const end = Date.now() + 60_000; !met.has(path); await wait(50)) if (Date.now() > end) throw new Error("no attempt came");
  await wait(200);
  await tab.click("#b");
  await tab.painted();
  await tab.close();
  await wait(700);
  outages.delete(path);
  await nextPage(one);
};

/** Ways of ending; `moment` is a random number from 0 to 1, the same for both installs. */
const ENDS = {
  async "tab closed at a random moment"({ tab, url, moment }) {
    await tab.go(url, { wait: false });
    await wait(100 + moment * 1_500);
    await tab.close();
  },
  async "left for another site's page during load"({ tab, url, moment }) {
    await tab.go(url, { wait: false });
    await wait(100 + moment * 400);
    await tab.go("data:text/html,elsewhere");
    await tab.close();
  },
  async "left at once after a slow click"({ tab, url }) {
    await tab.go(url);
    await click(tab);
    await tab.go("data:text/html,elsewhere");
    await tab.close();
  },
  async "renderer killed while visible, within a second of a slow click"({ tab, url, moment }) {
    await tab.go(url);
    await click(tab);
    await wait(moment * 1_000);
    await crash(tab);
  },
  async "hidden, then renderer killed"({ tab, url }) {
    await tab.go(url);
    await click(tab);
    await tab.hide();
    await crash(tab);
  },
  "server refusing for a while": outage("refuses"),
  "server dropping connections for a while": outage("drops"),
  async "offline at the end, then online"(one) {
    const { tab, url, path } = one;
    await tab.go(url);
    await click(tab);
    // DevTools only cut off the page itself, and not what the browser sends when it is gone.
    outages.set(path, "drops");
    await tab.send("Network.enable");
    await tab.send("Network.emulateNetworkConditions", { offline: true, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    await tab.until("!navigator.onLine");
    await tab.hide();
    await tab.close();
    await wait(700);
    outages.delete(path);
    await nextPage(one);
  },
};

const finals = [];
/** Visits that the bench itself could not play to their end, on too busy a machine; they do not count. */
let unplayed = 0;
async function visitOnce(browser, { name, install, moment, path }) {
  const url = server.base + path;
  let visit;
  try {
    visit = await openVisit(browser);
    const tab = await visit.openTab();
    await ENDS[name]({ tab, url, path, visit, install, moment });
    const said = tab.oracle.filter(({ href }) => href === url);
    const final = {};
    for (const { metric, value } of said) if (metric in TOLERANCE) final[metric] = value;
    const script = said.some(({ metric }) => metric === "script");
    if (Object.keys(final).length) finals.push({ name, install, path, final, script, said });
    await wait(AFTERLIFE_MS);
  } catch (error) {
    unplayed++;
    console.error(`${name}: ${error.message.slice(0, 200)}`);
  } finally {
    await visit?.close();
  }
}

/** All visits, in an order that mixes the ways of ending; the same moments every time. */
function plan() {
  let state = 7;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const names = Object.keys(ENDS).filter((name) => ONLY.length === 0 || ONLY.some((word) => name.includes(word)));
  return Array.from({ length: Math.ceil(VISITS / 2) }, (_, n) => {
    const moment = random();
    return Object.keys(INSTALLS).map((install) => ({ name: names[n % names.length], install, moment, path: `/v/${install}/${n}` }));
  }).flat();
}

/** Whether what arrived is final: values only grow, and what was told last may have been on its way when the page ended. */
const same = (final, values) => values && Object.entries(final).every(([metric, value]) => values[metric] >= value - TOLERANCE[metric]);

const share = (list) => (list.length ? `${((list.filter(Boolean).length / list.length) * 100).toFixed(1)} %` : "");

/** When what happened on a page happened, ms since its start: the last values, and what the last snapshot holds. */
function account({ name, path, script, said, final }) {
  const snapshot = arrived.felt.get(path);
  const steps = said.map(({ metric, value, at, document }) => [metric, value, Math.round(at - document)]);
  const last = snapshot && Object.fromEntries(["seq", "age", "first_hidden", "left", "metrics"].map((field) => [field, snapshot[field]]));
  return JSON.stringify({ name, path, script, final, steps, last });
}

function tell() {
  const judged = finals.map((one) => {
    const [ours, baseline] = [arrived.felt.get(one.path)?.metrics, arrived.baseline.get(one.path)].map((values) => same(one.final, values));
    if (process.env.SHOW && !ours) console.error(account(one));
    return { ...one, ours, baseline };
  });
  console.log("| way of ending | visits with values | ended before the script came | of the others: Felt, as installed | Felt, with consent | sendBeacon when hidden |\n|---|--:|--:|--:|--:|--:|");
  for (const way of [...Object.keys(ENDS), "all"]) {
    const all = judged.filter(({ name }) => name === way || way === "all");
    const these = all.filter(({ script }) => script);
    if (all.length === 0) continue;
    const ours = (install) => share(these.filter((one) => one.install === install).map((one) => one.ours));
    console.log(`| ${way} | ${all.length} | ${all.length - these.length} | ${ours("default")} | ${ours("consent")} | ${share(these.map(({ baseline }) => baseline))} |`);
  }
}

const browser = await startBrowser();
const began = Date.now();
const queue = plan();
const count = queue.length;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let next; (next = queue.shift()); ) await visitOnce(browser, next);
  }),
);
await wait(2_000);
await browser.close();
await server.close();
tell();
console.log(`\n${count} visits, ${unplayed} of them not played to their end, ${AT_ONCE} at once, in ${((Date.now() - began) / 60_000).toFixed(1)} minutes.`);
