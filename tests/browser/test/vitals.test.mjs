// What visitors felt is what was sent: every scenario's values equal those of a copy of web-vitals in the same page.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBrowser } from "../lib/cdp.mjs";
import { differences } from "../lib/expected.mjs";
import { SCENARIOS } from "../lib/scenarios.mjs";
import { startServer } from "../lib/server.mjs";
import { playUnspoilt } from "../lib/visit.mjs";

let browser, server;
before(async () => {
  server = await startServer();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

const events = (view, type) => view.events.filter((event) => event.type === type);

/** What else a scenario must show, beyond equal vitals. */
const ALSO = {
  slow_lcp({ views: [view] }) {
    assert.ok(view.metrics.lcp > 2000);
    assert.equal(view.attribution.lcp.target, "#slow");
    assert.match(view.attribution.lcp.url, /\/shop\/img\/gallery\.webp$/);
    const { ttfb, load_delay, load_time, render_delay } = view.attribution.lcp;
    assert.ok(Math.abs(ttfb + load_delay + load_time + render_delay - view.metrics.lcp) < 1, "the parts add up to the whole");
    assert.equal(view.status, 200);
  },
  layout_shift({ views: [view] }) {
    assert.ok(view.metrics.cls > 0.1);
    assert.ok(view.attribution.cls.target && view.attribution.cls.time > 0);
  },
  slow_click({ views: [view], beacons }) {
    assert.ok(view.metrics.inp >= 300);
    assert.equal(view.attribution.inp.target, "#slow-click");
    assert.equal(view.attribution.inp.event, "click");
    assert.equal(beacons.length, 1, "one visit, one request");
  },
  slow_frame({ views: [view] }) {
    assert.match(view.attribution.inp.script, /\/shop\/assets\/workshop\.js$/);
    assert.ok(events(view, "long_frame").some(({ duration }) => duration >= 200));
  },
  thrown_error({ views: [view] }) {
    const errors = events(view, "error");
    assert.deepEqual(errors.map(({ message }) => message), [
      "Uncaught TypeError: the workshop broke on purpose, see https://luma.example/help",
      "RangeError: nobody minds this promise",
    ]);
    assert.match(errors[0].stack, /workshop\.js:\d+:\d+/);
    assert.match(errors[0].source, /\/shop\/assets\/workshop\.js$/);
  },
  failed_request({ views: [view] }) {
    const [request, ...others] = events(view, "request");
    assert.match(request.url, /\/shop\/api\/missing$/);
    assert.equal(request.status, 404);
    assert.ok(request.duration >= 0);
    assert.deepEqual(others, []);
  },
  route_change({ views: [first, second] }) {
    assert.equal(first.nav, "navigate");
    assert.equal(first.route, "/shop/workshop");
    assert.ok(first.left > 0);
    assert.equal(first.attribution.inp.target.includes("slow"), true);
    assert.equal(second.nav, "soft");
    assert.equal(second.route, "/shop/workshop/:room");
    assert.equal(second.referrer, first.url);
    assert.equal(second.title, "Room 1, Luma");
    assert.equal(second.attribution.inp.target, "#inside");
    assert.equal(second.session, first.session);
    assert.ok(second.metrics.lcp > 0 && second.metrics.fcp > 0);
  },
  tab_hidden({ views: [view], beacons }) {
    assert.ok(view.metrics.inp >= 260, "the slower click after the return counts");
    assert.equal(view.seq, 1);
    assert.ok(view.first_hidden < view.age);
    assert.equal(beacons.length, 2);
    assert.equal(events(view, "timing")[0].name, "something");
    assert.ok(events(view, "timing")[0].value >= 120);
  },
  back_forward({ views }) {
    assert.deepEqual(views.map(({ nav }) => nav), ["navigate", "navigate", "bfcache"]);
    assert.equal(views[2].route, "/shop/");
    assert.equal(views[2].metrics.load, undefined);
  },
  back_forward_loaded({ views }) {
    assert.deepEqual(views.map(({ nav }) => nav), ["navigate", "navigate", "back_forward"]);
    assert.ok(views[2].metrics.load > 0, "it was loaded");
  },
  restored_tab({ views: [view] }) {
    assert.equal(view.nav, "restore");
  },
  five_hundred_interactions({ views: [view] }) {
    assert.ok(view.metrics.inp >= 70);
  },
  closed_early({ views: [view] }) {
    assert.ok(view.left > 0);
    assert.ok(view.metrics.lcp > 0);
  },
  left_early({ views: [view] }) {
    assert.ok(view.left > 0 && view.left < 2000);
    assert.ok(view.metrics.lcp === undefined || view.metrics.lcp < view.left);
  },
  background_tab({ views: [view] }) {
    assert.equal(view.hidden_at_start, true);
    assert.equal(view.metrics.lcp, undefined);
    assert.equal(view.metrics.fcp, undefined);
    assert.equal(view.metrics.load, undefined);
  },
  checkout({ views }) {
    const steps = views.flatMap((view) => events(view, "step"));
    assert.deepEqual(steps.map(({ journey, step }) => `${journey}:${step}`), ["checkout:cart", "checkout:address", "checkout:pay", "checkout:done"]);
    assert.ok(steps[3].amount > 0);
    assert.equal(steps[3].currency, "EUR");
    assert.deepEqual(views.map(({ route }) => route), ["/shop/p/:id", "/shop/cart", "/shop/checkout/address", "/shop/checkout/pay", "/shop/checkout/done"]);
    assert.equal(new Set(views.map(({ session }) => session)).size, 1);
    assert.ok(views[0].metrics.usable > 0);
    assert.equal(views[1].tags.customer, "buyer");
  },
  error_storm({ views: [view] }) {
    assert.equal(events(view, "error").length + view.dropped.error, 500);
    assert.ok(view.metrics.lcp > 0, "vitals never go");
  },
  typing({ views: [view], beacons }) {
    assert.match(view.attribution.inp.event, /^key|^input|^beforeinput/);
    assert.ok(beacons.every(({ body }) => !body.includes("lamp s")), "what people type is never read");
  },
  hidden_before_lcp({ views: [view] }) {
    assert.ok(view.metrics.lcp < view.first_hidden);
  },
  search({ views: [view] }) {
    assert.equal(events(view, "timing")[0].name, "search");
    assert.deepEqual(events(view, "feedback").map(({ score, of }) => [score, of]), [[4, 5]]);
  },
};

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  test(`${name} is sent as it was felt`, (context) =>
    playUnspoilt(scenario, { browser, server }, (played) => {
      if (played.spoilt) context.diagnostic(`played again: ${played.spoilt.message}`);
      isSentAsFelt(played, name, scenario);
    }));
}

function isSentAsFelt(played, name, scenario) {
  assert.deepEqual(played.pairs.flatMap(differences), []);
  if (!played.spoilt) assert.equal(played.views.length, scenario.views, "each view is there, once");
  for (const { body, type, url, method } of played.beacons) {
    assert.equal(method, "POST");
    assert.match(type, /^text\/plain/, "no preflight");
    assert.ok(body.length < 16_384);
    assert.doesNotMatch(body, /s3cr3t|token/, "nothing of a query or fragment leaves the browser");
    assert.equal(url, "/v1/beacon?site=shop");
  }
  for (const view of played.views) {
    assert.equal(view.v, 1);
    assert.match(view.view, /^[\w-]{8,64}$/);
    assert.match(view.session, /^[\w-]{8,64}$/);
    assert.equal(view.client.webdriver, false);
    assert.equal(view.release, "415");
    assert.equal(view.visitor, undefined);
    assert.ok(view.events.every(({ url = "" }) => !url.includes("/v1/beacon")), "its own requests are not reported");
  }
  if (!played.spoilt) ALSO[name]?.(played);
}
