// What the browser talks to: the demo shop with a collecting beacon endpoint, or a running felt, with a shop or without one, behind a
// recording proxy.
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer, request } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const SHOP = join(root, "src/demo/shop");
const BEACON = join(root, "js-beacon/dist");
const DELAY_MS_MAX = 5_000;
const TYPES = { ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".webp": "image/webp" };

/**
 * Starts on a free port. With `base`, everything goes on to that felt; else the shop is served from the source tree, and with
 * `beaconBase` what a page asks of felt itself goes on to that one. `pages` are a test's own: functions that answer, by path;
 * `otherPages` gives one for paths that are not known beforehand.
 */
export async function startServer({ base, beaconBase, pages = {}, otherPages = () => undefined } = {}) {
  /** Every beacon request in order: `{ at, method, type, body, snapshots, url, referer, cookie }`. */
  const beacons = [];
  const requests = [];
  /** What web-vitals said in pages that were hidden or on their way out. */
  const lastWords = [];
  const waiting = new Set();
  const server = createServer(async (incoming, answer) => {
    const url = new URL(incoming.url, "http://shop");
    requests.push(`${incoming.method} ${incoming.url}`);
    const body = await readBody(incoming).catch(() => undefined);
    // A browser that is closed takes along what it was sending: nothing came.
    if (body === undefined) return void answer.destroy();
    const isBeacon = url.pathname === "/v1/beacon";
    if (isBeacon) {
      beacons.push({
        at: performance.now(),
        method: incoming.method,
        type: incoming.headers["content-type"],
        url: incoming.url,
        referer: incoming.headers["referer"],
        cookie: incoming.headers["cookie"],
        body,
        snapshots: incoming.method === "POST" ? [JSON.parse(body)].flat() : [],
      });
    } else if (url.pathname === "/oracle") lastWords.push(JSON.parse(body));
    for (const check of waiting) check();
    try {
      const page = pages[url.pathname] || otherPages(url.pathname);
      if (page) await page(answer, { incoming, body });
      else if (url.pathname === "/oracle") answer.writeHead(204).end();
      else if (base) await forward(base, incoming, answer, body);
      else if (beaconBase && (isBeacon || url.pathname.startsWith("/beacon"))) await forward(beaconBase, incoming, answer, body);
      else if (isBeacon) answer.writeHead(running.status, running.headers).end();
      else await serveShop(url, answer);
    } catch (error) {
      answer.writeHead(502).end(String(error));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const running = {
    base: `http://127.0.0.1:${server.address().port}`,
    beacons,
    requests,
    lastWords,
    /** The answer to beacons, to be changed by tests of what the beacon does then. */
    status: 204,
    headers: {},
    /** The last word on each view, by its id, in order of first arrival. */
    views() {
      const views = new Map();
      for (const { snapshots } of beacons) {
        for (const snapshot of snapshots) {
          const known = views.get(snapshot.view);
          // Of two with the same number the first one counts, as in the processor.
          if (!known || snapshot.seq > known.seq) views.set(snapshot.view, snapshot);
        }
      }
      return [...views.values()];
    },
    /** Resolves once `test(running)` holds; fails after a while, saying what did come. */
    arrived(test, what = "the beacon expected", waitMs = 20_000) {
      return new Promise((resolve, reject) => {
        const done = (end, value) => {
          waiting.delete(check);
          clearTimeout(timer);
          end(value);
        };
        const check = () => {
          const found = test(running);
          if (found) done(resolve, found);
        };
        const timer = setTimeout(
          () => done(reject, new Error(`${what} did not come; came: ${JSON.stringify(beacons.map(({ body }) => body))}`)),
          waitMs,
        );
        waiting.add(check);
        check();
      });
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
  return running;
}

async function readBody(incoming) {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function forward(base, incoming, answer, body) {
  const target = new URL(incoming.url, base);
  const headers = { ...incoming.headers, host: target.host };
  // The site's list of origins knows the real address, not this one.
  if (headers.origin) headers.origin = target.origin;
  return new Promise((resolve, reject) => {
    const outgoing = request(target, { method: incoming.method, headers }, (incomingAnswer) => {
      answer.writeHead(incomingAnswer.statusCode, incomingAnswer.headers);
      incomingAnswer.pipe(answer);
      incomingAnswer.once("end", resolve);
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

async function serveShop(url, answer) {
  const script = await beaconFile(url.pathname.slice(1));
  if (script) {
    answer.writeHead(200, { "Content-Type": TYPES[".js"], "Access-Control-Allow-Origin": "*" }).end(script);
    return;
  }
  const file = url.pathname.startsWith("/shop/") ? await find(normalize(url.pathname.slice("/shop/".length))) : undefined;
  if (!file) {
    answer.writeHead(404, { "Content-Type": "text/plain" }).end("not found");
    return;
  }
  const delay = Math.min(DELAY_MS_MAX, Number(url.searchParams.get("delay")) || 0);
  if (delay) await new Promise((resolve) => setTimeout(resolve, delay));
  answer.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream", "Cache-Control": "no-cache" });
  createReadStream(file).pipe(answer);
}

/** The built scripts' names, hashes and integrity. */
export const beaconManifest = async () => JSON.parse(await readFile(join(BEACON, "beacon.json"), "utf8"));

/** A script of the beacon by its plain name or its hashed one. */
async function beaconFile(name) {
  if (!name.startsWith("beacon")) return undefined;
  const known = Object.entries(await beaconManifest()).find(([plain, { path }]) => name === plain || name === path);
  return known && readFile(join(BEACON, known[0]));
}

/** The file for a path, by the rules of the shop's README. */
async function find(path) {
  if (path.startsWith("..")) return undefined;
  const folder = path.split("/")[0];
  const candidates = path === "." || path === "" ? ["index.html"] : [path, `${path}.html`, `${folder}/_any.html`];
  for (const candidate of candidates) {
    const file = join(SHOP, candidate);
    if ((await stat(file).catch(() => undefined))?.isFile()) return file;
  }
  return undefined;
}
