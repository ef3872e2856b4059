// How fast the dashboard is for who looks at it, as Felt's own beacon tells it: opens each screen several times in a real Chromium,
// over a real `felt demo` with four weeks of visitors, uses it a little, and asks Felt for the LCP and INP of its own screens.
// A bench: it measures, and asserts nothing about time. `npm run speed -- --rounds 5 --sessions 3000 --cpu 4`; FELT names the binary.
// With `--url http://127.0.0.1:8092` it opens the screens of a dashboard that runs already, over whatever it has, and tells after how
// long each was complete.

import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { launchChromium, openPage, settled } from "./browser/chromium.mjs";

const { rounds, sessions, cpu, url } = parseArgs({
  options: {
    /** How often each screen is opened, each time with an empty cache. */
    rounds: { type: "string", default: "5" },
    /** Simulated visits on a busy day of the demo. */
    sessions: { type: "string", default: "3000" },
    /** How many times slower the page's CPU is made. */
    cpu: { type: "string", default: "1" },
    /** A dashboard that runs already. */
    url: { type: "string" },
  },
}).values;

const FELT = process.env.FELT ?? fileURLToPath(new URL("../../../target/release/felt", import.meta.url));
const SCREENS = ["happiness", "journeys", "pages", "promises", "releases", "incidents", "sessions", "health"];
/** What the aims are, in ms: docs/performance.md. */
const AIMS = { lcp: 1200, inp: 100, complete: 2000 };
/** Importing takes its time on a busy machine; whoever waits longer has another problem. */
const READY_MS_MAX = 600_000;
/** A browser that is closed right after a page takes some last requests along. After so long without another one, what came is what there is. */
const QUIET_MS = 5_000;

const sites = `[[sites]]\nkey = "shop"\nname = "Luma, the demo shop"\norigins = ["*"]\n\n[[sites]]\nkey = "dashboard"\nname = "This dashboard"\norigins = ["*"]\n`;
const p75 = (values) => values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.75) - 1];

async function until(what, ask) {
  const end = Date.now() + READY_MS_MAX;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what} did not come`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A felt of its own, which says where it is and how it went. */
function startFelt(folder) {
  const args = ["demo", "--config", "felt.toml", "--data", "data", "--listen", "127.0.0.1:0", "--no-live", "--sessions-per-day", sessions];
  const felt = spawn(FELT, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  let over = false;
  for (const stream of [felt.stdout, felt.stderr]) stream.on("data", (chunk) => (printed += chunk));
  felt.once("error", (error) => (printed += `${FELT}: ${error.message}`));
  const gone = new Promise((resolve) => felt.once("close", resolve)).then(() => (over = true));
  const said = async (pattern) => {
    if (over) throw new Error(`felt ended: ${printed}`);
    return pattern.exec(printed)?.[1];
  };
  return { said, stop: () => (felt.kill("SIGTERM"), gone) };
}

/** Until the demo's history is in, and can be seen. */
async function filled(felt) {
  const base = await until("felt's address", () => felt.said(/The dashboard is at (\S+)\/\n/));
  const views = await until("the demo's history", () => felt.said(/(\d+) simulated page views/));
  await until("every page view", async () => (await ask(base, "shop", "summary?range=90d&who=all&metrics=happiness")).meta?.views >= Number(views));
  return { base, views };
}

async function ask(base, site, call) {
  return (await fetch(`${base}/api/v1/sites/${site}/${call}`)).json();
}

/** Opens a screen. Tells after how long everything was there. */
async function opened(page, base, screen) {
  if (cpu !== "1") await (await page.context().newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: Number(cpu) });
  await page.goto(`${base}/sites/shop/${screen}?range=28d`, { waitUntil: "commit" });
  return (await page.waitForFunction(() => document.querySelector("h1") && !document.querySelector("[aria-busy=true], .waiting, .headline .bone") && performance.now(), undefined, { polling: "raf" })).jsonValue();
}

/** Opens each screen of a dashboard that runs already, each time with an empty cache, and tells what went wrong on it. */
async function onlyComplete(browser, base) {
  console.log(`p75 of ${rounds} visits in ms, CPU slowed down ${cpu} times; aim: ${AIMS.complete}; load average ${loadavg()[0].toFixed(1)}\n`);
  console.log("| screen | complete | could not be told |\n|---|--:|--:|");
  for (const screen of SCREENS) {
    const times = [];
    let failed = 0;
    for (let round = 0; round < Number(rounds); round++) {
      const page = await openPage(browser);
      times.push(await opened(page, base, screen));
      failed += await page.locator(".failed").count();
      await page.context().close();
    }
    console.log(`| ${screen} | ${Math.round(p75(times))} | ${failed} |`);
  }
}

/** Opens a screen, uses what stands above it, and leaves. Tells after how long everything was there. */
async function visit(browser, base, screen) {
  const page = await openPage(browser);
  await page.addInitScript(() => {
    addEventListener("DOMContentLoaded", () => {
      const beacon = Object.assign(document.createElement("script"), { async: true, src: "/beacon.js" });
      beacon.dataset.site = "dashboard";
      document.head.append(beacon);
    });
  });
  const complete = await opened(page, base, screen);
  const painted = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  // The beacon has to be there before it can see a click.
  await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name, responseEnd }) => name.endsWith("/beacon.js") && responseEnd > 0));
  for (const name of ["Custom", "Filter", "Compare"]) {
    const button = page.locator(".scope").getByRole("button", { name, exact: name === "Custom" }).first();
    if ((await button.count()) === 0) continue;
    await button.click();
    await painted();
    if (name === "Filter") {
      await page.locator(".filter-form [role=combobox]").pressSequentially("/shop");
      await painted();
    }
    await page.keyboard.press("Escape");
    await painted();
  }
  const other = page.locator(".scope").getByRole("link", { name: "7 days", exact: true });
  await other.click();
  await painted();
  await settled(page);
  await page.goto("about:blank");
  await page.context().close();
  return complete;
}

if (url !== undefined) {
  const browser = await launchChromium();
  await onlyComplete(browser, url).finally(() => browser.close());
  process.exit(0);
}

const folder = await mkdtemp(join(tmpdir(), "felt-speed-"));
await writeFile(join(folder, "felt.toml"), sites);
const felt = startFelt(folder);
const browser = await launchChromium();
try {
  const { base, views } = await filled(felt);
  const complete = Object.fromEntries(SCREENS.map((screen) => [screen, []]));
  for (let round = 0; round < Number(rounds); round++) for (const screen of SCREENS) complete[screen].push(await visit(browser, base, screen));
  const wanted = SCREENS.length * Number(rounds);
  // A headless browser counts as a bot, and this one is.
  const told = "range=1h&who=all&metrics=lcp,inp";
  let heard = 0;
  let since = Date.now();
  await until("what the beacon sent", async () => {
    const views = (await ask(base, "dashboard", `summary?${told}`)).meta?.views ?? 0;
    if (views !== heard) [heard, since] = [views, Date.now()];
    return heard >= wanted || (heard > 0 && Date.now() - since > QUIET_MS);
  });
  const { data: all } = await ask(base, "dashboard", `summary?${told}`);
  const { data: rows } = await ask(base, "dashboard", `breakdown?${told}&by=page&limit=100`);
  const ms = (row) => (row?.p75 == null ? "–" : String(Math.round(row.p75)));
  const line = (name, of, times) => `| ${name} | ${ms(of("lcp"))} | ${ms(of("inp"))} | ${Math.round(p75(times))} |`;
  console.log(`${wanted} visits to a dashboard over ${views} page views, of which ${heard} told; CPU slowed down ${cpu} times; load average ${loadavg()[0].toFixed(1)}`);
  console.log(`${execFileSync(FELT, ["--version"], { encoding: "utf8" }).trim()}, p75 in ms as its own beacon tells them; aims: ${AIMS.lcp}, ${AIMS.inp}, ${AIMS.complete}\n`);
  console.log("| screen | LCP | INP | complete |\n|---|--:|--:|--:|");
  for (const screen of SCREENS) console.log(line(screen, (metric) => rows.find((row) => row.page === `/sites/shop/${screen}` && row.metric === metric), complete[screen]));
  console.log(line("all", (metric) => all.find((row) => row.metric === metric), Object.values(complete).flat()));
} finally {
  await browser.close();
  await felt.stop();
  await rm(folder, { recursive: true, force: true });
}
