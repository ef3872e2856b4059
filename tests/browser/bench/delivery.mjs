// Of many page visits that end in the harshest ways: the share whose final values arrive, beside a plain "sendBeacon when hidden" on
// web-vitals in the same pages. `npm run delivery -- 1000` (visits; they are spread evenly over the ways of ending).
//
// What is final is what an independent web-vitals told last before the end; a visit that had no value yet does not count.
import { startBrowser } from "../lib/cdp.mjs";
import { startServer } from "../lib/server.mjs";
import { openVisit } from "../lib/tab.mjs";

const VISITS = Number(process.argv[2] ?? 120);
const AT_ONCE = Number(process.argv[3] ?? 3);
const TOLERANCE = { lcp: 1, inp: 1, cls: 0.001 };

// The twelve lines of web-vitals' README, given everything it can report.
const BASELINE = `
  const values = {};
  const add = ({ name, value }) => (values[name.toLowerCase()] = value);
  for (const name of ["onLCP", "onINP", "onCLS", "onFCP", "onTTFB"]) webVitals[name](add, { reportAllChanges: true });
  addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") navigator.sendBeacon("/baseline", JSON.stringify({ url: location.pathname, values }));
  });`;

/** The same moments every time. */
let state = 7;
const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const baseline = new Map();
let refusing = false;
const server = await startServer({
  pages: {
    "/baseline": (answer, { body }) => {
      if (refusing) return answer.writeHead(503).end();
      const { url, values } = JSON.parse(body);
      baseline.set(url, values);
      answer.writeHead(204).end();
    },
  },
  otherPages: (path) =>
    path.startsWith("/v/") &&
    ((answer) => {
      answer.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
      answer.end(`<!doctype html><title>A page</title><link rel="icon" href="data:,">
        <script async src="/beacon.js" data-site="shop" data-consent="given"></script>
        <body><h1>A page</h1><button id="b">Press</button><img src="/shop/img/hero.webp?delay=250" width="600" height="300" alt="">
        <script>b.onclick = () => { const end = performance.now() + 60; while (performance.now() < end); };</script><script>${BASELINE}</script>`);
    }),
});
const browser = await startBrowser();

const click = async (tab) => {
  await tab.until("window.felt && felt.running");
  await tab.click("#b");
  await tab.painted();
};
/** The next page of the same person, later. */
const nextPage = async (visit) => {
  const tab = await visit.openTab();
  await tab.go(`${server.base}/shop/cart`);
  await tab.until("window.felt && felt.running");
  await tab.evaluate("felt('consent', true)");
  await wait(1_000);
  await tab.close();
};

/** Ways of ending, each after the page was opened. */
const ENDS = {
  "tab closed at a random moment": {
    async run({ tab, url }) {
      await tab.go(url, { wait: false });
      await wait(100 + random() * 1_500);
      await tab.close();
    },
  },
  "left for another site's page during load": {
    async run({ tab, url }) {
      await tab.go(url, { wait: false });
      await wait(100 + random() * 400);
      await tab.go("data:text/html,elsewhere");
      await tab.close();
    },
  },
  "left at once after a slow click": {
    async run({ tab, url }) {
      await tab.go(url);
      await click(tab);
      await tab.go("data:text/html,elsewhere");
      await tab.close();
    },
  },
  "renderer killed while visible": {
    async run({ tab, url }) {
      await tab.go(url);
      await click(tab);
      await wait(700);
      tab.send("Page.crash").catch(() => {});
      await wait(500);
    },
  },
  "hidden, then renderer killed": {
    async run({ tab, url }) {
      await tab.go(url);
      await click(tab);
      await tab.hide();
      tab.send("Page.crash").catch(() => {});
      await wait(300);
    },
  },
  // Alone, for the server is everybody's.
  "server refusing for a while": {
    alone: true,
    async run({ tab, url, visit }) {
      await tab.go(url);
      await click(tab);
      [refusing, server.status, server.headers] = [true, 503, { "Retry-After": "1" }];
      // Long enough open to hear that the server is down.
      await server.arrived(({ beacons }) => beacons.some(({ body }) => body.includes(new URL(url).pathname)), "an attempt", 60_000);
      await wait(200);
      await tab.click("#b");
      await tab.painted();
      await tab.close();
      await wait(700);
      [refusing, server.status, server.headers] = [false, 204, {}];
      await nextPage(visit);
    },
  },
  "offline at the end, then online": {
    async run({ tab, url, visit }) {
      await tab.go(url);
      await click(tab);
      await tab.send("Network.enable");
      await tab.send("Network.emulateNetworkConditions", { offline: true, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
      await tab.until("!navigator.onLine");
      await tab.hide();
      await tab.close();
      await nextPage(visit);
    },
  },
};

const results = new Map(Object.keys(ENDS).map((name) => [name, { visits: 0, ours: 0, baseline: 0 }]));
const same = (final, arrived) =>
  // Each of them only grows, and what was told last may have been on its way when the page ended.
  arrived && Object.entries(final).every(([metric, value]) => arrived[metric] >= value - TOLERANCE[metric]);

const finals = [];
async function visitOnce(name, id) {
  const url = `${server.base}/v/${id}`;
  const visit = await openVisit(browser);
  try {
    const tab = await visit.openTab();
    await ENDS[name].run({ tab, url, visit }).catch((error) => console.error(`${name}: ${error.message.slice(0, 200)}`));
    const final = {};
    for (const { href, metric, value } of tab.oracle) if (href === url && metric in TOLERANCE) final[metric] = value;
    if (Object.keys(final).length) finals.push({ name, path: `/v/${id}`, final });
    // A browser goes on living for a while; ending it at once would end its last requests too.
    await wait(800);
  } finally {
    await visit.close();
  }
}

const queue = Array.from({ length: VISITS }, (_, n) => [Object.keys(ENDS)[n % Object.keys(ENDS).length], n]);
const together = queue.filter(([name]) => !ENDS[name].alone);
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let next; (next = together.shift()); ) await visitOnce(...next);
  }),
);
for (const next of queue.filter(([name]) => ENDS[name].alone)) await visitOnce(...next);
await wait(2_000);

const sent = new Map(server.views().map(({ url, metrics }) => [new URL(url).pathname, metrics]));
for (const { name, path, final } of finals) {
  const result = results.get(name);
  result.visits++;
  result.ours += same(final, sent.get(path)) ? 1 : 0;
  if (process.env.SHOW && !same(final, sent.get(path))) console.error(name, JSON.stringify({ final, sent: sent.get(path), baseline: baseline.get(path) }));
  result.baseline += same(final, baseline.get(path)) ? 1 : 0;
}
await browser.close();
await server.close();

const share = (part, of) => (of ? `${((part / of) * 100).toFixed(1)} %` : "");
console.log("| way of ending | visits with values | Felt | sendBeacon when hidden |\n|---|--:|--:|--:|");
let total = { visits: 0, ours: 0, baseline: 0 };
for (const [name, { visits, ours, baseline }] of results) {
  total = { visits: total.visits + visits, ours: total.ours + ours, baseline: total.baseline + baseline };
  console.log(`| ${name} | ${visits} | ${share(ours, visits)} | ${share(baseline, visits)} |`);
}
console.log(`| all | ${total.visits} | ${share(total.ours, total.visits)} | ${share(total.baseline, total.visits)} |`);
