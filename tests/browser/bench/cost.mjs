// What the beacon costs a page: visits with and without it, turn by turn in one browser, at full speed and on a CPU throttled to a
// quarter. `npm run cost -- 12` (rounds).
//
// CPU is time of the page's main thread (thread ticks, not the clock), so that other programs on the machine do not count. The
// difference of a pair holds everything; the trace holds the beacon's own functions, and is steadier.
import { startBrowser } from "../lib/cdp.mjs";
import { startServer } from "../lib/server.mjs";
import { openVisit } from "../lib/tab.mjs";

const ROUNDS = Number(process.argv[2] ?? 10);
const RATES = { "full speed": 1, "a quarter": 4 };
const WITH = { "beacon.js": "/whole", "beacon-core.js": "/core" };
/** What the beacon does after a click that was answered has happened by then, ms. */
const QUIET_MS = 700;

const page = (head) => (answer) => {
  answer.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
  answer.end(`<!doctype html><title>A page</title><link rel="icon" href="data:,">${head}<body><h1>A page</h1><button id="b">Press</button>
    <img src="/shop/img/hero.webp?delay=200" width="600" height="300" alt="">
    <p id="late"></p><p>A text.</p><script>
      b.onclick = () => { b.textContent = "Pressed"; };
      requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => { late.style.height = "60px"; }, 300)));
    </script>`);
};
const beacon = (name) => page(`<script async src="/${name}" data-site="shop"></script>`);
const server = await startServer({ pages: { "/without": page(""), "/whole": beacon("beacon.js"), "/core": beacon("beacon-core.js") } });
const browser = await startBrowser();

/** One visit: load, a late shift, a click, a quiet moment, hidden, closed. `before` and `after` are called with its tab. */
async function visit(path, rate, { before = () => {}, after = () => {} } = {}) {
  const person = await openVisit(browser);
  try {
    const tab = await person.openTab();
    await tab.send("Emulation.setCPUThrottlingRate", { rate });
    await before(tab);
    await tab.go(server.base + path);
    await tab.until("[...document.images].every((image) => image.complete)");
    if (path !== "/without") await tab.until("window.felt && felt.running");
    await tab.heard(({ metric, value }) => metric === "cls" && value > 0);
    await tab.painted();
    await tab.click("#b");
    await tab.heard(({ metric }) => metric === "inp");
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    await tab.hide();
    await after(tab);
    await tab.close();
    return Object.fromEntries(tab.oracle.map(({ metric, value }) => [metric, value]));
  } finally {
    await person.close();
  }
}

/** The page's vitals and the main thread's time, ms at full speed. */
async function measured(path, rate) {
  const cpu = async (tab) => (await tab.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value * 1_000;
  let from, to;
  const vitals = await visit(path, rate, {
    before: async (tab) => {
      await tab.send("Performance.enable", { timeDomain: "threadTicks" });
      from = await cpu(tab);
    },
    after: async (tab) => (to = await cpu(tab)),
  });
  return { cpu: (to - from) / rate, ...vitals };
}

const OWN = /^(FunctionCall|EvaluateScript|v8\.compile)$/;

/** Thread time of the beacon's own work in a visit, ms: in all, and by task of the main thread. */
async function traced(path, rate) {
  const { connection } = browser;
  const events = [];
  const unlisten = connection.listen(({ method, params }) => method === "Tracing.dataCollected" && events.push(...params.value));
  const complete = new Promise((resolve) => {
    const stop = connection.listen(({ method }) => method === "Tracing.tracingComplete" && (stop(), resolve()));
  });
  await connection.send("Tracing.start", { categories: "devtools.timeline,disabled-by-default-devtools.timeline,v8,disabled-by-default-v8.compile", transferMode: "ReportEvents" });
  await visit(path, rate);
  await connection.send("Tracing.end");
  await complete;
  unlisten();
  return workOf(events.filter(({ ph, tdur }) => ph === "X" && tdur !== undefined).sort((a, b) => a.ts - b.ts || b.dur - a.dur));
}

/** The beacon's calls, without those inside another one of it, summed by the task that they ran in. */
function workOf(spans) {
  const tasks = [];
  const [task, own] = [new Map(), new Map()];
  for (const { name, ts, dur, tdur, pid, tid, args } of spans) {
    const thread = `${pid} ${tid}`;
    if (name === "RunTask") task.set(thread, { ends: ts + dur, ms: 0 });
    if (!OWN.test(name) || !(args?.data?.url ?? args?.fileName ?? "").includes("/beacon") || ts < own.get(thread)) continue;
    own.set(thread, ts + dur);
    let at = task.get(thread);
    if (!at || at.ends < ts) task.set(thread, (at = { ends: ts + dur, ms: 0 }));
    if (at.ms === 0) tasks.push(at);
    at.ms += tdur / 1_000;
  }
  return { total: tasks.reduce((sum, { ms }) => sum + ms, 0), longest: Math.max(0, ...tasks.map(({ ms }) => ms)), count: tasks.length };
}

const sorted = (values) => values.filter((value) => value !== undefined).sort((a, b) => a - b);
const median = (values) => sorted(values)[values.length >> 1] ?? NaN;
/** The median and, by rank, where that of ever more pairs lies with 95 %. https://en.wikipedia.org/wiki/Median#Confidence_intervals */
function between(values, digits) {
  const all = sorted(values);
  const reach = 0.98 * Math.sqrt(all.length);
  const [low, high] = [Math.max(0, Math.floor(all.length / 2 - reach)), Math.min(all.length - 1, Math.ceil(all.length / 2 + reach) - 1)];
  const [middle, from, to] = [median(all), all[low] ?? NaN, all[high] ?? NaN].map((value) => value.toFixed(digits));
  return `${middle} (${from} to ${to})`;
}

/** Runs of a kind by rate and path, each round taking its turn at everything. */
async function rounds(count, paths, run) {
  const results = {};
  for (let n = 0; n < count; n++) {
    for (const [speed, rate] of Object.entries(RATES)) {
      for (const path of paths) ((results[speed] ??= {})[path] ??= []).push(await run(path, rate));
    }
  }
  return results;
}

for (const path of ["/without", ...Object.values(WITH)]) await visit(path, 1);
server.beacons.length = 0;
const pairs = await rounds(ROUNDS, ["/without", ...Object.values(WITH)], measured);
const [views, requests] = [server.views().length, server.beacons.length];
const own = server.views().filter(({ beacon }) => beacon).map(({ beacon }) => beacon);
const traces = await rounds(Math.ceil(ROUNDS / 2), Object.values(WITH), traced);
await browser.close();
await server.close();

console.log(`${ROUNDS} visits each. The page's own values, and the paired difference that the beacon makes: median (95 % interval; of fewer than six rounds the least and the most).\n`);
console.log("| CPU at | page | main thread, ms at full speed | LCP ms | INP ms | CLS |\n|---|---|--:|--:|--:|--:|");
for (const [speed, byPath] of Object.entries(pairs)) {
  const without = byPath["/without"];
  const of = (name, digits) => median(without.map((visit) => visit[name])).toFixed(digits);
  console.log(`| ${speed} | without | ${of("cpu", 1)} | ${of("lcp", 0)} | ${of("inp", 0)} | ${of("cls", 3)} |`);
  for (const [name, path] of Object.entries(WITH)) {
    const more = (metric, digits) => between(byPath[path].map((visit, n) => visit[metric] - without[n][metric]), digits);
    console.log(`| ${speed} | \`${name}\` adds | ${more("cpu", 1)} | ${more("lcp", 0)} | ${more("inp", 0)} | ${more("cls", 3)} |`);
  }
}
console.log("\nThe beacon's own functions by trace, thread time as it passed:\n");
console.log("| CPU at | script | ms a visit | tasks | longest task, ms | longest of all visits |\n|---|---|--:|--:|--:|--:|");
for (const [speed, byPath] of Object.entries(traces)) {
  for (const [name, path] of Object.entries(WITH)) {
    const of = (field, digits = 1) => median(byPath[path].map((visit) => visit[field])).toFixed(digits);
    console.log(`| ${speed} | \`${name}\` | ${of("total")} | ${of("count", 0)} | ${of("longest")} | ${Math.max(...byPath[path].map(({ longest }) => longest)).toFixed(1)} |`);
  }
}
console.log(`\n${views} views sent ${requests} requests: ${(requests / views).toFixed(2)} a view. By its own word beacon.js took ${median(own.map(({ cost }) => cost)).toFixed(1)} ms a view (median, both speeds).`);
