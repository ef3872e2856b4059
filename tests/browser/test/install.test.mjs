// Ways to install the beacon, each in a real Chromium under what a site may forbid, and what it leaves alone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBrowser } from "../lib/cdp.mjs";
import { differences, expectedViews, pair } from "../lib/expected.mjs";
import { beaconManifest, startServer } from "../lib/server.mjs";
import { is, openVisit } from "../lib/tab.mjs";
import { unspoilt } from "../lib/visit.mjs";

let browser, manifest;
before(async () => {
  manifest = await beaconManifest();
  browser = await startBrowser();
});
after(() => browser?.close());

/** A page of the site's own, with headers, what is in its head, and its body. */
const page = ({ head = "", body = "<h1>A page</h1>", headers = {} }) => (answer) => {
  answer.writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...headers });
  answer.end(`<!doctype html><html lang="en"><title>A page</title><link rel="icon" href="data:,">${head}<body>${body}`);
};

/** A visit to a server with these pages; again, if the browser lost what the visit waits for. */
const visiting = (pages, use, options) => unspoilt(() => visitingOnce(pages, use, options));

async function visitingOnce(pages, use, { script, plain } = {}) {
  const server = await startServer({ pages });
  const visit = await openVisit(browser, { plain });
  try {
    const tab = await visit.openTab({ script });
    await use({ server, tab, visit, base: server.base });
    await tab.close();
  } finally {
    await visit.close();
    await server.close();
  }
}

const running = "window.felt && felt.running";
const tag = (attributes = "", src = "/beacon.js") => `<script async src="${src}" data-site="shop" ${attributes}></script>`;
const viewOf = (server, end = "/page") =>
  server.arrived(({ views }) => views().find(({ url }) => url.endsWith(end)), "the view");
const pause = (tab, ms) => tab.evaluate(`new Promise((done) => setTimeout(() => done(true), ${ms}))`);

test("the documented Content-Security-Policy and Subresource-Integrity let the beacon and its prompt work, and nothing more is needed", () => {
  const { path, integrity } = manifest["beacon.js"];
  const headers = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:",
  };
  const head = tag(`integrity="${integrity}" crossorigin="anonymous"`, `/${path}`);
  const script = "addEventListener('securitypolicyviolation', ({ blockedURI, effectiveDirective }) => (window.violations ??= []).push([effectiveDirective, blockedURI]));";
  return visiting(
    { "/page": page({ head, headers }) },
    async ({ server, tab, base }) => {
      await tab.go(`${base}/page`);
      await tab.until(running);
      await tab.evaluate("felt('feedback', { ask: 'How was it?' })");
      await tab.until("document.querySelector('body > div')?.shadowRoot?.querySelector('input')");
      assert.equal(await tab.evaluate("getComputedStyle(document.querySelector('body > div').shadowRoot.querySelector('section')).display"), "grid", "its styles apply");
      await tab.hide();
      await viewOf(server);
      assert.deepEqual(await tab.evaluate("window.violations ?? []"), []);
    },
    { script },
  );
});

test("a script that is not the one whose integrity the page states does not run, and the page goes on", () =>
  visiting(
    { "/page": page({ head: tag(`integrity="${manifest["beacon-core.js"].integrity}"`) }) },
    async ({ server, tab, base }) => {
      await tab.go(`${base}/page`);
      assert.equal(await tab.evaluate("!!(window.felt && felt.running)"), false);
      await tab.hide();
      assert.deepEqual(server.beacons, []);
    },
  ));

test("where connect-src forbids the endpoint the page is unharmed, and the beacon does not storm", () =>
  visiting(
    { "/page": page({ head: tag(), headers: { "Content-Security-Policy": "script-src 'self'; connect-src 'none'" } }) },
    async ({ server, tab, base }) => {
      await tab.go(`${base}/page`);
      await tab.until(running);
      // Each would arm the last request anew, and that would be one violation more.
      for (let n = 0; n < 20; n++) {
        await tab.evaluate(`felt("timing", "t${n}", ${n}), felt("tag", "n", ${n}), history.pushState(null, "", "/page/${n}")`);
        await pause(tab, 110);
      }
      await tab.hide();
      await tab.show();
      await tab.hide();
      const errors = await tab.evaluate("window.failures");
      assert.deepEqual(errors, []);
      const violations = await tab.evaluate("window.violations");
      assert.ok(violations <= 6, `a few refused requests at most: ${violations}`);
      assert.deepEqual(server.beacons, []);
    },
    {
      script: `window.failures = []; window.violations = 0;
        addEventListener("error", ({ message }) => failures.push(message));
        addEventListener("unhandledrejection", ({ reason }) => failures.push(String(reason)));
        addEventListener("securitypolicyviolation", () => violations++);`,
    },
  ));

test("a policy that only reports Felt's own address loses no view and gets no storm of reports", async () => {
  const felt = await startServer();
  const headers = { "Content-Security-Policy-Report-Only": "connect-src 'self'" };
  await visiting(
    { "/page": page({ head: tag("", `${felt.base}/beacon.js`), headers }) },
    async ({ tab, base }) => {
      await tab.go(`${base}/page`);
      await tab.until(running);
      for (let n = 0; n < 20; n++) {
        await tab.evaluate(`felt("timing", "t${n}", ${n})`);
        await pause(tab, 110);
      }
      await tab.hide();
      await viewOf(felt);
      const violations = await tab.evaluate("window.violations");
      assert.ok(violations > 0 && violations <= 6, `a few reports: ${violations}`);
    },
    { script: 'window.violations = 0; addEventListener("securitypolicyviolation", () => violations++);' },
  ).finally(() => felt.close());
});

test("a path of the site's own origin is a way past connect-src 'self'", () =>
  visiting(
    {
      "/page": page({ head: tag('data-endpoint="/felt/in"'), headers: { "Content-Security-Policy": "script-src 'self'; connect-src 'self'" } }),
      "/felt/in": (answer) => answer.writeHead(204).end(),
    },
    async ({ server, tab, base }) => {
      await tab.go(`${base}/page`);
      await tab.until(running);
      await tab.hide();
      await server.arrived(({ requests }) => requests.includes("POST /felt/in?site=shop"), "the request to the path");
    },
  ));

test("in a frame it measures what web-vitals measures in that frame, under the frame's own address", () =>
  visiting(
    {
      "/page": page({ head: tag(), body: '<h1>Outside</h1><iframe src="/inner" name="measured" width="300" height="200"></iframe>' }),
      "/inner": page({ head: tag(), body: "<h1>Inside</h1>" }),
    },
    async ({ server, tab, base }) => {
      await tab.go(`${base}/page`);
      await tab.until(`${running} && frames[0].felt?.running`);
      for (const path of ["/page", "/inner"]) await tab.heard(({ metric, href }) => metric === "lcp" && href.endsWith(path));
      await tab.painted();
      await tab.hide();
      const outer = await viewOf(server);
      const inner = await viewOf(server, "/inner");
      assert.notEqual(outer.view, inner.view);
      assert.equal(outer.session, inner.session, "one visit");
      assert.equal(inner.referrer, `${base}/page`);
      assert.equal(server.views().length, 2);
      const pairs = pair(expectedViews(tab.oracle), server.views());
      assert.deepEqual(pairs.flatMap(differences), []);
      assert.ok(pairs.every(({ expected }) => expected.oracle.lcp > 0 && expected.oracle.cls === 0));
    },
  ));

test("the core alone measures, and takes calls without doing anything", () =>
  visiting(
    { "/page": page({ head: tag("", "/beacon-core.js"), body: '<h1>A page</h1><button id="b">Press</button>' }) },
    async ({ server, tab, base }) => {
      await tab.go(`${base}/page`);
      await tab.until(running);
      await tab.evaluate("felt('tag', 'a', 1), felt('feedback', 3), document.querySelector('#b').addEventListener('click', () => { const end = performance.now() + 60; while (performance.now() < end); })");
      // The first press ends what counts as painted, so the paint comes before it.
      await tab.heard(is("lcp"));
      await tab.click("#b");
      await tab.heard(is("inp"));
      await tab.evaluate("setTimeout(() => { throw new Error('core') }), new Promise((done) => setTimeout(() => done(true), 50))");
      await tab.evaluate("history.pushState(null, '', '/next')");
      await tab.painted();
      await tab.hide();
      const view = await viewOf(server);
      const { fcp, lcp, inp, cls, ttfb } = view.metrics;
      assert.ok(fcp > 0 && lcp > 0 && inp >= 48 && cls === 0 && ttfb > 0, JSON.stringify(view.metrics));
      assert.equal(view.attribution.inp.target, "#b");
      assert.match(view.events[0].message, /core/);
      assert.ok(view.left > 0);
      assert.equal((await viewOf(server, "/next")).nav, "soft");
    },
  ));

for (const [file, measures] of [["/beacon.js", true], ["/beacon-core.js", false]]) {
  test(`${file} takes no settings from an element that visitors wrote, whatever it is called`, () =>
    visiting(
      {
        "/page": page({ body: `<h1>A page</h1><img name="currentScript" alt="" src="/shop/img/hero.webp" data-site="other" data-endpoint="/other">${tag("", file)}` }),
        "/other": (answer) => answer.writeHead(204).end(),
      },
      async ({ server, tab, base }) => {
        await tab.go(`${base}/page`);
        await tab.until(running);
        await tab.painted();
        await tab.hide();
        // The core does not look for its element elsewhere: it measures nothing rather than tell a stranger.
        if (measures) assert.equal((await viewOf(server)).hidden_at_start, false);
        await tab.go(`${base}/shop/cart`);
        await server.arrived(({ requests }) => requests.includes("GET /shop/cart"), "the next page");
        assert.deepEqual(server.requests.filter((request) => request.includes("other")), []);
        assert.equal(server.views().some(({ url }) => url.endsWith("/page")), measures);
      },
    ));
}

test("when consent is required nothing is stored or sent before it, and the first page's values are not lost", () =>
  visiting(
    { "/page": page({ head: tag('data-consent="required"') }) },
    async ({ server, tab, base }) => {
      await tab.go(`${base}/page`);
      await tab.until(running);
      await tab.painted();
      await tab.hide();
      await tab.show();
      assert.deepEqual(await tab.evaluate("[sessionStorage.length, localStorage.length, document.cookie]"), [0, 0, ""]);
      assert.deepEqual(server.beacons, []);
      await tab.evaluate("felt('consent', true)");
      await tab.hide();
      const view = await viewOf(server);
      assert.ok(view.metrics.ttfb > 0);
      await tab.evaluate("felt('consent', false)");
      assert.deepEqual(await tab.evaluate("[sessionStorage.length, localStorage.length]"), [0, 0]);
    },
  ));

test("before consent the session id is all that is stored, and not even that where the site says so", async () => {
  const keys = "JSON.stringify([Object.keys(sessionStorage), Object.keys(localStorage), document.cookie])";
  for (const [attributes, stored] of [["", ["felt.session"]], ['data-storage="none"', []]]) {
    await visiting({ "/page": page({ head: tag(attributes) }) }, async ({ server, tab, base }) => {
      await tab.go(`${base}/page`);
      await tab.until(running);
      await tab.hide();
      await viewOf(server);
      assert.equal(await tab.evaluate(keys), JSON.stringify([stored, [], ""]));
    });
  }
});

test("what the page and its server time themselves arrives, and a click that ends in an error is told", () =>
  visiting(
    {
      "/page": page({
        head: tag(),
        body: '<h1>A page</h1><button id="b" onclick="null.x">Press</button>',
        headers: { "Server-Timing": 'db;dur=53, cache;desc="hit"' },
      }),
    },
    async ({ server, tab, base }) => {
      await tab.go(`${base}/page`);
      await tab.until(running);
      await tab.evaluate("performance.mark('felt:chart'), performance.mark('other'), performance.measure('felt:login', { start: 10, duration: 25 }), felt('timing', 'own', 7)");
      await tab.click("#b");
      await tab.painted();
      await tab.hide();
      const view = await viewOf(server);
      const timings = Object.fromEntries(view.events.filter(({ type }) => type === "timing").map(({ name, value }) => [name, value]));
      assert.equal(timings.server_db, 53);
      assert.equal(timings.login, 25);
      assert.equal(timings.own, 7);
      assert.ok(timings.chart > 0);
      assert.equal(timings.other, undefined);
      const click = view.events.find(({ type }) => type === "rage_click");
      assert.deepEqual([click.target, click.cause], ["#b", "error"]);
      assert.equal(view.client.connection !== undefined && view.client.viewport[0] > 0, true);
      assert.ok(view.beacon.cost > 0 && view.beacon.longest <= view.beacon.cost && view.beacon.missed >= 0, "it reports its own cost");
    },
  ));

test("it makes the browser lay nothing out, and observes nothing of its own requests", () =>
  visiting(
    { "/page": page({ head: tag(), body: '<h1>A page</h1><button id="b" onclick="this.textContent = Date.now()">Press</button>' }) },
    async ({ server, tab, base }) => {
      const forced = [];
      const unlisten = browser.connection.listen(({ method, params }) => {
        if (method !== "Tracing.dataCollected") return;
        for (const { name, args } of params.value) {
          const stack = args?.beginData?.stackTrace ?? args?.data?.stackTrace ?? [];
          if (/^(Layout|UpdateLayoutTree|RecalculateStyles)$/.test(name) && stack.some(({ url }) => url.includes("beacon"))) forced.push(name);
        }
      });
      const complete = new Promise((resolve) => {
        const stop = browser.connection.listen(({ method }) => method === "Tracing.tracingComplete" && (stop(), resolve()));
      });
      await browser.connection.send("Tracing.start", { categories: "devtools.timeline,disabled-by-default-devtools.timeline.stack", transferMode: "ReportEvents" });
      await tab.go(`${base}/page`);
      await tab.until(running);
      for (let n = 0; n < 4; n++) await tab.click("#b");
      await tab.evaluate("history.pushState(null, '', '/next')");
      await pause(tab, 1_000);
      await tab.hide();
      const view = await viewOf(server);
      await browser.connection.send("Tracing.end");
      await complete;
      unlisten();
      assert.deepEqual(forced, []);
      assert.deepEqual(view.events.filter(({ url = "" }) => url.includes("/v1/beacon")), []);
    },
  ));
