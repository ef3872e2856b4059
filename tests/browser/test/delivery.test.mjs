// How snapshots leave the browser: once, whatever happens to the page, and never against the visitor's will.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBrowser } from "../lib/cdp.mjs";
import { differences, expectedViews, pair } from "../lib/expected.mjs";
import { startServer } from "../lib/server.mjs";
import { is, openVisit, webVitals } from "../lib/tab.mjs";
import { unspoilt } from "../lib/visit.mjs";

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

/** A visit with a server of its own, so that what arrives is this test's; again, if the browser lost what the visit waits for. */
const visiting = (use, options) => unspoilt(() => visitingOnce(use, options));

async function visitingOnce(use, { script, pages } = {}) {
  const server = await startServer({ pages });
  const visit = await openVisit(browser);
  try {
    const tab = await visit.openTab({ script });
    await use({ server, tab, visit, shop: `${server.base}/shop` });
  } finally {
    await visit.close();
    await server.close();
  }
}

const running = "window.felt && felt.running";
const bodies = (server) => server.beacons.map(({ body }) => body);

/** Another page of the same server sends after everything before it: what has not come by then does not come. */
async function nothingBefore(server, visit) {
  const tab = await visit.openTab();
  await tab.go(`${server.base}/shop/cart`);
  await tab.until(running);
  await tab.hide();
  await server.arrived(({ beacons }) => beacons.some(({ body }) => body.includes("/shop/cart")), "the sentinel");
  assert.deepEqual(bodies(server).filter((body) => !body.includes("/shop/cart")), []);
}

test("a page that stays open is sent once early, then not again while nothing changes", () =>
  visiting(async ({ server, tab, shop }) => {
    await tab.go(`${shop}/cart`);
    await server.arrived(({ beacons }) => beacons.length === 1, "the early snapshot");
    // Time enough for a loop to show itself: the beacon's own request has been reported to it by now.
    await tab.evaluate("new Promise((done) => setTimeout(() => done(true), 2500))");
    assert.equal(server.beacons.length, 1);
    assert.equal(server.beacons[0].snapshots[0].seq, 0);
    await tab.hide();
    await server.arrived(({ beacons }) => beacons.length === 2, "the snapshot at hiding");
    const [last] = server.beacons[1].snapshots;
    assert.equal(last.view, server.beacons[0].snapshots[0].view);
    assert.equal(last.seq, 1);
    assert.equal(last.attempt, 0);
    await tab.show();
    await tab.close();
  }));

test("a renderer that dies while the page is visible still reports, by fetchLater", () =>
  visiting(async ({ server, tab, shop }) => {
    await tab.go(`${shop}/workshop?busy=150`);
    await tab.click("#slow-click");
    await tab.heard(is("inp"));
    // Where it was armed often of late, the request of last resort is armed a quarter of a second after a change.
    await tab.evaluate("new Promise((done) => setTimeout(() => done(true), 700))");
    tab.send("Page.crash").catch(() => {});
    const [view] = await server.arrived(({ views }) => views().length && views(), "the armed snapshot");
    assert.ok(view.metrics.inp >= 150);
    assert.equal(server.beacons.length, 1);
  }));

test("after a quiet moment each of several changes is in what a dying renderer leaves behind", () =>
  visiting(async ({ server, tab, shop }) => {
    await tab.go(`${shop}/cart`);
    await tab.until(running);
    // A second of quiet saves four further armings up; what the page's start took of them is over by then.
    await tab.until("performance.now() > 2_500");
    for (let n = 1; n <= 4; n++) {
      await tab.evaluate(`felt("tag", "n", ${n})`);
      await tab.painted();
    }
    tab.send("Page.crash").catch(() => {});
    const [view] = await server.arrived(({ views }) => views().length && views(), "the armed snapshot");
    assert.equal(view.tags.n, "4");
    assert.equal(server.beacons.length, 1);
  }));

test("a refused early snapshot is tried again as a further attempt", () =>
  visiting(async ({ server, tab, shop }) => {
    server.status = 503;
    server.headers = { "Retry-After": "1" };
    await tab.go(`${shop}/cart`);
    await server.arrived(({ beacons }) => beacons.length === 1, "the first attempt");
    server.status = 204;
    await server.arrived(({ beacons }) => beacons.length === 2, "the second attempt", 90_000);
    const [[first], [second]] = server.beacons.map(({ snapshots }) => snapshots);
    assert.equal(second.view, first.view);
    assert.deepEqual([first.seq, first.attempt, second.seq, second.attempt], [0, 0, 0, 1]);
    assert.ok(second.age > first.age, "its age goes on while it waits");
  }));

test("a server that drops the connection is tried again as a further attempt", () => {
  let drops = true;
  return visiting(
    async ({ server, tab, shop }) => {
      await tab.go(`${shop}/cart`);
      await server.arrived(({ beacons }) => beacons.length === 1, "the first attempt");
      drops = false;
      await server.arrived(({ beacons }) => beacons.length === 2, "the second attempt");
      const [[first], [second]] = server.beacons.map(({ snapshots }) => snapshots);
      assert.deepEqual([second.view, first.attempt, second.attempt, second.seq], [first.view, 0, 1, first.seq]);
    },
    // The random part of the wait is short.
    { script: "Math.random = () => 0.02;", pages: { "/v1/beacon": (answer) => (drops ? answer.destroy() : answer.writeHead(204).end()) } },
  );
});

test("a server that takes its time holds nothing up: the last state leaves while the first request is still unanswered, and once", () => {
  const held = [];
  let waits = true;
  return visiting(
    async ({ server, tab, shop, visit }) => {
      await tab.go(`${shop}/p/101`);
      await server.arrived(({ beacons }) => beacons.length === 1, "the early snapshot");
      await tab.click("#add");
      await tab.until("document.querySelector('#added').textContent");
      await tab.hide();
      await server.arrived(({ beacons }) => beacons.length === 2, "the snapshot at hiding");
      waits = false;
      for (const answer of held) answer.writeHead(204).end();
      await tab.close();
      // What another page sends comes after anything that this one had left to say.
      const other = await visit.openTab();
      await other.go(`${shop}/cart`);
      await other.until(running);
      await other.hide();
      await server.arrived(({ beacons }) => beacons.some(({ body }) => body.includes("/shop/cart")), "the sentinel");
      const snapshots = server.beacons.flatMap((beacon) => beacon.snapshots).filter(({ url }) => url.endsWith("/shop/p/101"));
      assert.deepEqual(snapshots.map(({ seq, attempt }) => [seq, attempt]), [[0, 0], [1, 0]]);
      assert.equal(snapshots[1].view, snapshots[0].view);
    },
    { pages: { "/v1/beacon": (answer) => (waits ? held.push(answer) : answer.writeHead(204).end()) } },
  );
});

// What a browser has or refuses, and the ways that are tried then, in order.
const WAYS = [
  ["a browser with everything", "", ["fetchLater"]],
  ["a browser without fetchLater", "delete window.fetchLater;", ["sendBeacon"]],
  ["a spent quota of fetchLater", 'window.fetchLater = () => { throw new DOMException("spent", "QuotaExceededError"); };', ["fetchLater", "sendBeacon"]],
  ["a spent quota of sendBeacon, without fetchLater", "delete window.fetchLater; navigator.sendBeacon = () => false;", ["sendBeacon", "fetch"]],
];
const WATCHED = `window.ways = [];
  for (const [owner, name] of [[window, "fetchLater"], [navigator, "sendBeacon"], [window, "fetch"]]) {
    const original = owner[name];
    if (original) owner[name] = (url, more) => {
      if (String(url).includes("/v1/beacon") && !(more.activateAfter > 0)) ways.push(name);
      return original.call(owner, url, more);
    };
  }`;

for (const [what, script, ways] of WAYS) {
  test(`the last state of a page leaves, when it is hidden and when it is left: ${what}`, () =>
    visiting(
      async ({ server, tab, shop }) => {
        await tab.go(`${shop}/workshop?busy=150`);
        await tab.until(running);
        await tab.evaluate('document.cookie = "person=1"');
        await tab.hide();
        await server.arrived(({ beacons }) => beacons.length === 1, "what the hidden page said");
        assert.deepEqual(await tab.evaluate("ways"), ways);
        if (ways.at(-1) !== "sendBeacon") assert.equal(server.beacons[0].cookie, undefined);
        await tab.show();
        await tab.click("#slow-click");
        await tab.heard(is("inp"));
        await tab.go("about:blank");
        const view = await server.arrived(({ views }) => views().find(({ metrics }) => metrics.inp >= 150), "what the page said when it was left");
        assert.equal(view.view, server.beacons[0].snapshots[0].view);
        assert.match(view.url, /\/shop\/workshop$/);
      },
      { script: script + WATCHED },
    ));
}

const CALLS = "window.felt = function () { (felt.q = felt.q || []).push(arguments); };";

test("with consent, what cannot be sent is kept for the next page", () =>
  visiting(
    async ({ server, tab, shop }) => {
      await tab.go(`${shop}/cart`);
      await tab.until(running);
      await tab.hide();
      await tab.until("localStorage['felt.kept']");
      assert.equal(server.beacons.length, 0);
      await tab.evaluate("localStorage.works = 1");
      await tab.show();
      await tab.go(`${shop}/search`);
      const [view] = await server.arrived(({ views }) => views().filter(({ url }) => url.endsWith("/shop/cart")).length && views(), "the kept view");
      assert.ok(view.attempt >= 1);
      // It stays until it is answered.
      await tab.until("localStorage['felt.kept'] === undefined");
    },
    {
      script: `${CALLS} felt("consent", true);
      if (!localStorage.works) {
        navigator.sendBeacon = () => false;
        delete window.fetchLater;
        window.fetch = () => Promise.reject(new TypeError("offline"));
      }`,
    },
  ));

test("without storage it measures all the same", () =>
  visiting(
    async ({ server, tab, shop }) => {
      await tab.go(`${shop}/search`);
      await tab.until(running);
      await tab.hide();
      const [view] = await server.arrived(({ views }) => views().length && views(), "the view");
      assert.match(view.session, /^[\w-]{8,64}$/);
    },
    { script: "for (const name of ['sessionStorage', 'localStorage']) Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError'); } });" },
  ));

for (const [wish, script] of [
  ["Global Privacy Control", "Object.defineProperty(navigator, 'globalPrivacyControl', { value: true });"],
  ["Do Not Track", "Object.defineProperty(navigator, 'doNotTrack', { value: '1' });"],
]) {
  test(`${wish} is honoured: nothing is sent, and calls to felt() do no harm`, () =>
    visiting(
      async ({ server, tab, visit, shop }) => {
        await tab.go(`${shop}/p/101`);
        await tab.until(running);
        await tab.click("#add");
        await tab.until("document.querySelector('#added').textContent");
        await tab.hide();
        await tab.close();
        await nothingBefore(server, visit);
      },
      { script },
    ));
}

test("a second beacon on the page stands down", () =>
  visiting(async ({ server, tab, shop }) => {
    await tab.go(`${shop}/cart`);
    await tab.until(running);
    await tab.evaluate(`new Promise((done) => {
      const again = document.createElement("script");
      again.src = "/beacon.js?again";
      again.dataset.site = "shop";
      again.onload = () => done(true);
      document.head.append(again);
    })`);
    await tab.hide();
    await server.arrived(({ beacons }) => beacons.length, "the view");
    await tab.close();
    assert.equal(server.views().length, 1);
    assert.equal(server.beacons.length, 1);
  }));

test("calls made before the script has come are kept in order", () =>
  visiting(
    async ({ server, tab, shop }) => {
      await tab.go(`${shop}/cart`);
      await tab.until(running);
      await tab.evaluate("felt('tag', 'plan', 'pro'), felt('nonsense', 1), felt(), felt('feedback', 9), felt('tag', { toString() { throw 1; } })");
      await tab.hide();
      const [view] = await server.arrived(({ views }) => views().length && views(), "the view");
      assert.equal(view.tags.early, "2");
      assert.equal(view.tags.plan, "pro");
      assert.equal(view.release, "from-the-page");
      assert.deepEqual(view.events.filter(({ type }) => type === "feedback"), []);
    },
    {
      script: `${CALLS}
        felt("tag", "early", 1); felt("tag", "early", 2); felt("release", "from-the-page");`,
    },
  ));

test("three quick clicks on something that does nothing are rage, and it is dead", () =>
  visiting(async ({ server, tab, shop }) => {
    await tab.go(`${shop}/workshop`);
    await tab.until(running);
    await tab.click("#dead", 4);
    // A click is dead when a second and a half have brought no answer.
    await tab.evaluate("new Promise((done) => setTimeout(() => done(true), 1800))");
    await tab.hide();
    const [view] = await server.arrived(({ views }) => views().length && views(), "the view");
    const targets = (type) => view.events.filter((event) => event.type === type).map(({ target }) => target);
    assert.deepEqual(targets("rage_click"), ["#dead"]);
    assert.ok(targets("dead_click").length >= 1 && targets("dead_click").every((target) => target === "#dead"));
  }));

test("quick clicks that the page answers are neither rage nor dead", () =>
  visiting(async ({ server, tab, shop }) => {
    await tab.go(`${shop}/p/110`);
    await tab.until(running);
    await tab.click("#more", 5);
    await tab.click("#add");
    await tab.evaluate("new Promise((done) => setTimeout(() => done(true), 1800))");
    await tab.hide();
    const [view] = await server.arrived(({ views }) => views().length && views(), "the view");
    assert.deepEqual(view.events.filter(({ type }) => /click/.test(type)), []);
  }));

// DevTools switch prerendering off, so here the page has to help itself: it brings its own web-vitals, and posts what that says.
test("a prerendered page is a view from when it is shown, as web-vitals measures it, and none when it never is", async () => {
  let go;
  const ready = new Promise((resolve) => (go = resolve));
  const rules = JSON.stringify({ prerender: [{ urls: ["/shown", "/never"], eagerness: "immediate" }] });
  const html = (body) => (answer) => {
    answer.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
    answer.end(`<!doctype html><title>A page</title><link rel="icon" href="data:,">${body}`);
  };
  const prepared = html(`<script async src="/beacon.js" data-site="shop"></script><script src="/oracle.js"></script><h1>Prepared</h1><img src="/shop/img/hero.webp" width="600" height="300" alt="">`);
  const reports = [];
  const server = await startServer({
    pages: {
      "/start": html(`<script type="speculationrules">${rules}</script><script>fetch("/go").then(() => (location.href = "/shown"))</script>`),
      "/go": async (answer) => {
        await ready;
        answer.end("go");
      },
      "/shown": prepared,
      "/never": prepared,
      "/oracle.js": (answer) => answer.writeHead(200, { "Content-Type": "text/javascript; charset=utf-8" }).end(`const oracleSays = (said) => fetch("/oracle", { method: "POST", body: said });\n${webVitals}`),
      "/oracle": (answer, { body }) => {
        reports.push(JSON.parse(body));
        answer.writeHead(204).end();
      },
    },
  });
  const { connection } = browser;
  const { targetId } = await connection.send("Target.createTarget", { url: `${server.base}/start` });
  try {
    await server.arrived(({ requests }) => requests.filter((request) => request === "GET /beacon.js").length === 2, "two prerendered pages");
    go();
    // It is not closed: the early snapshot comes by itself.
    const [view] = await server.arrived(({ views }) => views().length && views(), "the page that was shown");
    assert.equal(view.nav, "prerender");
    assert.match(view.url, /\/shown$/);
    assert.equal(view.hidden_at_start, false);
    assert.equal(view.first_hidden, undefined);
    assert.ok(view.age < 15_000);
    const pairs = pair(expectedViews(reports), server.views());
    assert.deepEqual(pairs.flatMap(differences), []);
    assert.equal(pairs.length, 1);
    assert.ok(pairs[0].expected.oracle.lcp >= 0 && pairs[0].expected.oracle.ttfb >= 0, JSON.stringify(pairs[0].expected));
  } finally {
    await connection.send("Target.closeTarget", { targetId });
    await server.close();
  }
});
