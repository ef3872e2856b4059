// What the beacon costs a page: pairs of visits with and without it, on a CPU throttled to a quarter, turn by turn in one browser. `npm run cost -- 20`
//
// CPU is time of the page's main thread (thread ticks, not the clock), so that other programs on the machine do not count.
import { startBrowser } from "../lib/cdp.mjs";
import { startServer } from "../lib/server.mjs";
import { openVisit } from "../lib/tab.mjs";

const PAIRS = Number(process.argv[2] ?? 10);
const THROTTLE = 4;

const page = (head) => (answer) => {
  answer.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
  answer.end(`<!doctype html><title>A page</title><link rel="icon" href="data:,">${head}<body><h1>A page</h1><button id="b">Press</button>
    <img src="/shop/img/hero.webp?delay=200" width="600" height="300" alt="">`);
};
const beacon = (name) => page(`<script async src="/${name}.js" data-site="shop"></script>`);
const server = await startServer({ pages: { "/without": page(""), "/whole": beacon("beacon"), "/core": beacon("beacon-core") } });
const browser = await startBrowser();

async function visit(path) {
  const person = await openVisit(browser);
  try {
    const tab = await person.openTab();
    await tab.send("Performance.enable", { timeDomain: "threadTicks" });
    await tab.send("Emulation.setCPUThrottlingRate", { rate: THROTTLE });
    const cpu = async () => (await tab.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value * 1_000;
    const before = await cpu();
    await tab.go(server.base + path);
    await tab.until("[...document.images].every((image) => image.complete)");
    if (path !== "/without") await tab.until("window.felt && felt.running");
    await tab.painted();
    await tab.click("#b");
    await tab.painted();
    await new Promise((resolve) => setTimeout(resolve, 700));
    const after = await cpu();
    await tab.hide();
    const values = Object.fromEntries(tab.oracle.map(({ metric, value }) => [metric, value]));
    await tab.close();
    return { cpu: (after - before) / THROTTLE, ...values };
  } finally {
    await person.close();
  }
}

/** Thread time of every piece of the beacon's work in a visit at full speed, ms: compiling, running, and each call from the browser. */
async function traced(path) {
  const { connection } = browser;
  const spans = [];
  const unlisten = connection.listen(({ method, params }) => {
    if (method !== "Tracing.dataCollected") return;
    for (const { name, ph, tdur, args } of params.value) {
      const url = args?.data?.url ?? args?.fileName ?? "";
      if (ph === "X" && tdur !== undefined && url.includes("/beacon") && /^(FunctionCall|EvaluateScript|v8\.compile)$/.test(name)) spans.push(tdur / 1_000);
    }
  });
  const complete = new Promise((resolve) => {
    const stop = connection.listen(({ method }) => method === "Tracing.tracingComplete" && (stop(), resolve()));
  });
  await connection.send("Tracing.start", { categories: "devtools.timeline,v8,disabled-by-default-v8.compile", transferMode: "ReportEvents" });
  const person = await openVisit(browser);
  const tab = await person.openTab();
  await tab.go(server.base + path);
  await tab.until("window.felt && felt.running");
  await tab.painted();
  await tab.click("#b");
  await tab.painted();
  await new Promise((resolve) => setTimeout(resolve, 700));
  await tab.hide();
  await tab.close();
  await connection.send("Tracing.end");
  await complete;
  unlisten();
  await person.close();
  return { total: spans.reduce((sum, span) => sum + span, 0), longest: Math.max(0, ...spans), count: spans.length };
}

const median = (values) => {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  return known[known.length >> 1] ?? NaN;
};
const runs = { "/without": [], "/whole": [], "/core": [] };
await visit("/whole");
server.beacons.length = 0;
for (let n = 0; n < PAIRS; n++) for (const path of Object.keys(runs)) runs[path].push(await visit(path));
const own = server.views().filter(({ beacon }) => beacon).map(({ beacon }) => beacon.longest);
const traces = {};
for (const path of ["/whole", "/core"]) {
  traces[path] = [];
  for (let n = 0; n < Math.max(5, PAIRS / 2); n++) traces[path].push(await traced(path));
}
await browser.close();
await server.close();

console.log(`| ${PAIRS} visits each, CPU at a quarter | CPU of the main thread, ms at full speed | LCP ms | INP ms | CLS |\n|---|--:|--:|--:|--:|`);
for (const [path, visits] of Object.entries(runs)) {
  const of = (name, digits = 0) => median(visits.map((visit) => visit[name])).toFixed(digits);
  console.log(`| ${path.slice(1)} | ${of("cpu", 1)} | ${of("lcp")} | ${of("inp")} | ${of("cls", 3)} |`);
}
const extra = (path) => median(runs[path].map(({ cpu }, n) => cpu - runs["/without"][n].cpu)).toFixed(1);
console.log(`\nMedian of the pairs' differences in CPU: ${extra("/whole")} ms for the whole beacon, ${extra("/core")} ms for the core.`);
for (const [path, visits] of Object.entries(traces)) {
  const of = (name) => median(visits.map((visit) => visit[name]));
  console.log(`By trace, thread time at full speed, ${path.slice(1)}: ${of("total").toFixed(1)} ms a visit in ${of("count")} pieces, the longest ${of("longest").toFixed(1)} ms (${(of("longest") * THROTTLE).toFixed(1)} ms on a CPU at a quarter).`);
}
console.log(`The beacon's own longest piece of work, throttled, by its own word: median ${median(own).toFixed(1)} ms, most ${Math.max(...own).toFixed(1)} ms.`);
