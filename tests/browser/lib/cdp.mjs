// A Chromium process and the DevTools protocol over its pipe; nothing between the tests and the browser.
//
// Test drivers that launch a browser keep its pages visible, switch the back/forward cache off and mark it as automated. Here it is
// started as anyone would start it, so hiding, restoring, background tabs, soft navigations and fetchLater work as for people.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  // The pipe alone would set navigator.webdriver, and the views would count as a bot's.
  "--disable-blink-features=AutomationControlled",
  // Without it a headless Chromium drops some frames' presentation times under load, and with them whole LCP entries: one in four
  // late pictures had none.
  "--run-all-compositor-stages-before-draw",
  "--window-size=1280,800",
  "--remote-debugging-pipe",
];
const ANSWER_MS_MAX = 30_000;

export const CHROMIUM = process.env.CHROMIUM ?? "chromium";

/** The protocol's two directions over the browser's descriptors 3 and 4: JSON messages, each ended by a zero byte. */
class Connection {
  #process;
  #next = 1;
  #waiting = new Map();
  #listeners = new Set();
  #rest = "";
  closed = false;

  constructor(process) {
    this.#process = process;
    const input = process.stdio[4];
    input.setEncoding("utf8");
    input.on("data", (chunk) => this.#receive(chunk));
    input.on("close", () => this.#end());
    process.stdio[3].on("error", () => this.#end());
  }

  #receive(chunk) {
    const parts = (this.#rest + chunk).split("\0");
    this.#rest = parts.pop();
    for (const part of parts) {
      const message = JSON.parse(part);
      const waiting = this.#waiting.get(message.id);
      if (waiting) {
        this.#waiting.delete(message.id);
        clearTimeout(waiting.timer);
        if (message.error) waiting.reject(new Error(`${waiting.method}: ${message.error.message}`));
        else waiting.resolve(message.result);
      } else {
        for (const listener of this.#listeners) listener(message);
      }
    }
  }

  #end() {
    this.closed = true;
    for (const { reject, timer, method } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new Error(`${method}: the browser is gone`));
    }
    this.#waiting.clear();
  }

  send(method, params = {}, sessionId) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`${method}: no answer within ${ANSWER_MS_MAX} ms`));
      }, ANSWER_MS_MAX);
      this.#waiting.set(id, { resolve, reject, timer, method });
      this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** Listens to events; the returned function stops it. */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Starts a browser with a profile of its own. `options.flags` are added to the usual ones. */
export async function startBrowser({ flags = [], userAgent } = {}) {
  const profile = await mkdtemp(join(tmpdir(), "felt-chromium-"));
  const child = spawn(
    CHROMIUM,
    [...FLAGS, `--user-agent=${userAgent ?? (await plainUserAgent())}`, ...flags, `--user-data-dir=${profile}`, "about:blank"],
    { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
  );
  const gone = new Promise((resolve) => child.once("close", resolve));
  await new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", () => reject(new Error(`no Chromium to run as \`${CHROMIUM}\`: run scripts/ensure-chromium.sh, or set CHROMIUM`)));
  });
  const connection = new Connection(child);
  return {
    connection,
    process: child,
    async close() {
      if (!connection.closed) await connection.send("Browser.close").catch(() => {});
      const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await gone;
      clearTimeout(timer);
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The user agent of a Chromium that a person sits at: headless ones say so, and are rightly taken for machines. */
async function plainUserAgent() {
  const version = await new Promise((resolve, reject) => {
    let text = "";
    const child = spawn(CHROMIUM, ["--version"], { stdio: ["ignore", "pipe", "ignore"] });
    child.stdout.on("data", (chunk) => (text += chunk));
    child.once("error", () => reject(new Error(`no Chromium to run as \`${CHROMIUM}\`: run scripts/ensure-chromium.sh, or set CHROMIUM`)));
    child.once("close", () => resolve(/(\d+)\./.exec(text)?.[1] ?? "150"));
  });
  return `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36`;
}
