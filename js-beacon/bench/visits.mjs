// What a script costs a visit: a page with it and the same page without, turn by turn in one Chromium. A visit loads, shifts, is clicked on slowly, throws
// an error, changes its route, stays a while and is hidden.
import { startBrowser } from "../../tests/browser/lib/cdp.mjs";
import { startServer } from "../../tests/browser/lib/server.mjs";
import { openVisit } from "../../tests/browser/lib/tab.mjs";

/** Long enough for those that send every few seconds, ms. */
const STAY_MS = 6_000;
const AFTERLIFE_MS = 1_000;

const PAGE = (script) => `<!doctype html><title>A page</title><link rel="icon" href="data:,">${script}<body><h1>A page</h1><button id="b">Press</button>
  <img src="/shop/img/hero.webp?delay=100" width="600" height="300" alt=""><p id="late"></p><p>A text.</p><script>
    b.onclick = () => { const end = performance.now() + 60; while (performance.now() < end); };
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => { late.style.height = "60px"; }, 300)));
  </script>`;

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Visits each of `scripts` (`[name, bytes]`) so often; by name `{ cpu, requests, bytes }`, medians: ms over the page without one, requests but for the script's own, and what they carried. */
export async function visitsOf(scripts, times) {
  const sent = new Map();
  /** The visit that is on; some beacons do not say from which page they come. */
  let now;
  const server = await startServer({
    otherPages: (path) => !path.startsWith("/shop/") && ((answer, { incoming, body }) => {
      const [, kind, id] = path.split("/");
      const type = (name) => answer.writeHead(200, { "Content-Type": name });
      if (kind === "page") {
        const script = id === "none" ? "" : `<script async src="/script/${id}" data-site="shop"></script>`;
        return type("text/html; charset=utf-8").end(PAGE(script));
      }
      if (kind === "script") return type("text/javascript; charset=utf-8").end(Buffer.from(scripts[id][1]));
      const seen = sent.get(now) ?? { requests: 0, bytes: 0 };
      sent.set(now, { requests: seen.requests + 1, bytes: seen.bytes + body.length + incoming.url.length });
      type("application/json").end("{}");
    }),
  });
  // Nobody's server but ours hears of it.
  const browser = await startBrowser({ flags: ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"] });
  const results = Object.fromEntries(scripts.map(([name]) => [name, { cpu: [], requests: [], bytes: [] }]));
  const one = async (id, key) => {
    now = key;
    const visit = await openVisit(browser);
    try {
      const tab = await visit.openTab();
      await tab.send("Performance.enable", { timeDomain: "threadTicks" });
      const cpu = async () => (await tab.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value * 1_000;
      const before = await cpu();
      await tab.go(`${server.base}/page/${id}`);
      await tab.heard(({ metric, value }) => metric === "cls" && value > 0);
      await tab.click("#b");
      await tab.heard(({ metric }) => metric === "inp");
      await tab.evaluate(`setTimeout(() => { throw new Error("on purpose"); }), setTimeout(() => history.pushState(null, "", "/page/${id}/next"), 500), 0`);
      await new Promise((resolve) => setTimeout(resolve, STAY_MS));
      await tab.hide();
      const after = await cpu();
      await tab.close();
      await new Promise((resolve) => setTimeout(resolve, AFTERLIFE_MS));
      return after - before;
    } finally {
      await visit.close();
    }
  };
  try {
    for (let n = 0; n < times; n++) {
      const without = await one("none", `none-${n}`);
      for (const [id, [name]] of scripts.entries()) {
        const key = `${id}-${n}`;
        results[name].cpu.push((await one(id, key)) - without);
        const { requests = 0, bytes = 0 } = sent.get(key) ?? {};
        results[name].requests.push(requests);
        results[name].bytes.push(bytes);
      }
    }
  } finally {
    await browser.close();
    await server.close();
  }
  return Object.fromEntries(Object.entries(results).map(([name, { cpu, requests, bytes }]) => [name, { cpu: median(cpu), requests: median(requests), bytes: median(bytes) }]));
}
