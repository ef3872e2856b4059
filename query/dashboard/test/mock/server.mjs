// A stand-in for the query server: the built dashboard at /, the API over invented views. For development and tests only.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { answer, Refused } from "./answers.mjs";
import { makeMarks, writeMarks } from "./marks.mjs";
import { answerSettings, makeSettings } from "./settings.mjs";
import { makeWorld } from "./world.mjs";

const DIST = new URL("../../dist/", import.meta.url);
const TYPES = { js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
/** The built files; every other path is a screen's address. */
const FILE = /^\/(?:app\.js|app\.css|favicon\.svg|world\.svg|chunks\/[\w.-]+\.js)$/;
const CSP = "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/**
 * Starts on a free port. `controls` can be changed while it runs: `failing` (call name → status), `token` (wanted
 * bearer), `delay_ms`; `requests` collects the parts that were asked, `writes` what was written, `marks` what is kept by site, `worlds` holds the page views by site.
 */
export async function startMock({ now = Date.parse("2026-11-22T10:42:20Z"), port = 0, views = 24_000, ticking = false } = {}) {
  const began = Date.now();
  const controls = {
    failing: {}, token: null, person: null, ways: null, signedIn: false, delay_ms: 0, requests: [], writes: [], marks: {}, warnings: [], down: false, scopes: ["read:metrics", "read:sessions", "admin"], settings: makeSettings(),
    worlds: { shop: makeWorld({ now, views }), quiet: makeWorld({ now, views: 60, seed: 3 }), fresh: [] },
    sites: [{ key: "shop", name: "The Shop" }, { key: "quiet", name: "A Quiet Corner" }, { key: "fresh", name: "Brand New" }],
    now: () => (ticking ? now + Date.now() - began : now),
  };

  const denied = (bearer) => (controls.token !== null && bearer !== `Bearer ${controls.token}` && !controls.signedIn);

  /** `/api/v1/session`: a person is `{ email, password }`, `ways` what the 401 offers. */
  function session(method, headers, text) {
    if (method === "POST") {
      const { email, password } = JSON.parse(text);
      const right = email === controls.person?.email && password === controls.person?.password;
      controls.signedIn ||= right;
      return right ? { status: 200, body: { data: { kind: "person", name: email } } } : { status: 401, body: { title: "Not signed in", status: 401 } };
    }
    if (method === "DELETE") {
      if (headers["x-felt-csrf"] === undefined) return { status: 403, body: { title: "Not allowed from there", status: 403 } };
      controls.signedIn = false;
      return { status: 200, body: {} };
    }
    if (controls.signedIn) return { status: 200, body: { data: { kind: "person", name: controls.person.email } } };
    if (denied(headers.authorization)) return { status: 401, body: { title: "A token is needed", status: 401, sign_in: controls.ways ?? { password: false, oidc: null } } };
    return { status: 200, body: { data: { kind: controls.token === null ? "anyone" : "token", name: "t1" } } };
  }

  function one(path, bearer) {
    const url = new URL(path, "http://mock");
    controls.requests.push(path);
    if (denied(bearer)) throw new Refused(401, "a token is needed");
    if (url.pathname === "/api/v1/sites") return { data: controls.sites, meta: { who: session("GET", { authorization: bearer }).body.data ?? null } };
    const [, site, call] = /^\/api\/v1\/sites\/([^/]+)\/(.+)$/.exec(url.pathname) ?? [];
    const status = controls.failing[call] ?? controls.failing[`${call}?by=${url.searchParams.get("by")}`];
    if (status !== undefined) throw new Refused(status, status >= 500 ? "the store does not answer" : "refused by test");
    const world = controls.worlds[site];
    if (world === undefined) throw new Refused(404, "unknown site");
    const found = answer(world, call, url, controls.now(), marksOf(site), controls.scopes);
    if (found.meta) found.meta.warnings = controls.warnings;
    return found;
  }

  /** What is kept of a site; only the shop has a history. */
  function marksOf(site) {
    return (controls.marks[site] ??= makeMarks(now, site === "shop"));
  }

  function write(method, path, text) {
    const [, site, call] = /^\/api\/v1\/sites\/([^/]+)\/(.+)$/.exec(path) ?? [];
    controls.writes.push(`${method} ${path} ${text}`);
    try {
      return writeMarks(marksOf(site), method, call ?? "", text === "" ? {} : JSON.parse(text));
    } catch (error) {
      if (error instanceof Refused) return { status: error.status, body: error.body };
      throw error;
    }
  }

  function attempt(path, bearer) {
    try {
      return { status: 200, body: one(path, bearer) };
    } catch (error) {
      if (error instanceof Refused) return { status: error.status, body: error.body };
      throw error;
    }
  }

  const server = createServer(async (request, response) => {
    response.setHeader("Date", new Date(controls.now()).toUTCString());
    const bearer = request.headers.authorization;
    const send = (status, type, body) => response.writeHead(status, { "Content-Type": type, "Content-Security-Policy": CSP, "X-Content-Type-Options": "nosniff" }).end(body);
    const sendJson = ({ status, body }) => send(status, status < 400 ? "application/json" : "application/problem+json", body === null ? "" : JSON.stringify(body));
    try {
      const url = new URL(request.url, "http://mock");
      if (url.pathname.startsWith("/api/")) {
        if (controls.down) return void request.socket.destroy();
        if (controls.delay_ms > 0) await new Promise((done) => setTimeout(done, controls.delay_ms));
        if (url.pathname === "/api/v1/session") {
          let text = "";
          for await (const chunk of request) text += chunk;
          return sendJson(session(request.method, request.headers, text));
        }
        if (url.pathname === "/api/v1/batch") {
          let text = "";
          for await (const chunk of request) text += chunk;
          if (denied(bearer)) return sendJson({ status: 401, body: { title: "a token is needed", status: 401 } });
          return sendJson({ status: 200, body: { responses: JSON.parse(text).requests.map(({ path }) => attempt(path, bearer)) } });
        }
        let sent = "";
        for await (const chunk of request) sent += chunk;
        if (request.method !== "GET" && denied(bearer)) return sendJson({ status: 401, body: { title: "a token is needed", status: 401 } });
        const set = answerSettings(request.method, url.pathname, sent, controls);
        if (request.method !== "GET") return sendJson(set ?? write(request.method, url.pathname, sent));
        const found = set ?? attempt(request.url, bearer);
        if (request.headers.accept === "text/csv" && found.status === 200) {
          const rows = found.body.data;
          const columns = Object.keys(rows[0] ?? {});
          return send(200, "text/csv", [columns.join(","), ...rows.map((row) => columns.map((column) => JSON.stringify(row[column] ?? "")).join(","))].join("\r\n"));
        }
        return sendJson(found);
      }
      const file = FILE.test(url.pathname) ? `.${url.pathname}` : "index.html";
      send(200, TYPES[file.split(".").pop()] ?? "text/html; charset=utf-8", await readFile(new URL(file, DIST)));
    } catch (error) {
      send(500, "text/plain", String(error));
    }
  });
  await new Promise((done) => server.listen(port, "127.0.0.1", done));
  const stop = () => new Promise((done) => { server.close(done); server.closeAllConnections(); });
  return { url: `http://127.0.0.1:${server.address().port}`, controls, stop };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await startMock({ port: Number(process.env.PORT ?? 8091), now: Date.now(), ticking: true });
  console.log(`the dashboard over invented data: ${mock.url}/`);
}
