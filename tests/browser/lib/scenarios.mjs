// What visitors do in the shop. `views` is how many page views a scenario makes; `complete` tells the last word on them from earlier
// ones, where a scenario has earlier ones; `script` runs in its pages before anything else; `flags` are for a browser of its own.

import { is } from "./tab.mjs";

const wait = (tab, ms) => tab.evaluate(`new Promise((done) => setTimeout(() => done(true), ${ms}))`);

/**
 * Until nothing is left to paint: a page that is hidden or left while a picture is on its way to the screen has two last words, for of LCP the library
 * takes only what was delivered to it before, and the beacon all that there is.
 */
const settled = async (tab) => {
  await tab.until("[...document.images].every((image) => image.complete)");
  for (let n = 0; n < 3; n++) await tab.painted();
};

export const SCENARIOS = {
  slow_lcp: {
    views: 1,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/gallery?token=s3cr3t`);
      await tab.heard((report) => report.metric === "lcp" && report.value > 2000);
      // On a busy machine that was the text.
      await settled(tab);
      await tab.hide();
    },
  },

  layout_shift: {
    views: 1,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/offers`);
      await tab.heard(is("cls"));
      await tab.hide();
    },
  },

  // The tab hides at once: whoever waits for an idle moment loses this click.
  slow_click: {
    views: 1,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/workshop?busy=300`);
      await settled(tab);
      await tab.click("#slow-click");
      await tab.painted();
      await tab.hide();
    },
  },

  // Here there is time to hear from the browser which script held the frame up.
  slow_frame: {
    views: 1,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/workshop?busy=200`);
      await settled(tab);
      await tab.click("#slow-click");
      await tab.heard(is("inp"));
      await tab.evaluate("new Promise((done) => new PerformanceObserver(() => done(true)).observe({ type: 'long-animation-frame', buffered: true }))");
      await tab.hide();
    },
  },

  thrown_error: {
    views: 1,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/workshop`);
      await tab.click("#throw");
      await tab.click("#throw");
      await tab.click("#reject");
      await tab.painted();
      await tab.hide();
    },
  },

  failed_request: {
    views: 1,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/workshop`);
      await tab.click("#fail");
      // The browser tells of a request once its whole answer is there, a little after the page knows the status.
      await tab.until("performance.getEntriesByType('resource').some(({ name }) => name.includes('/missing'))");
      await tab.hide();
    },
  },

  route_change: {
    views: 2,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/workshop?busy=120`);
      await tab.click("#slow-click");
      await tab.heard(is("inp"));
      await tab.click("#slow-route");
      await tab.heard(is("lcp", "soft-navigation"));
      await tab.until("document.querySelector('#room img').complete");
      await tab.painted();
      await tab.click("#inside");
      await tab.painted();
      await tab.hide();
    },
  },

  // The slower click comes after the tab was hidden and shown again.
  tab_hidden: {
    views: 1,
    complete: ([view]) => view.metrics.inp > 200,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/workshop?busy=260`);
      await tab.click("#time");
      await tab.until("document.querySelector('#said').textContent === 'Timed.'");
      await tab.hide();
      await tab.show();
      await tab.click("#slow-click");
      await tab.painted();
      await tab.hide();
    },
  },

  back_forward: {
    views: 3,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/`);
      await tab.shown();
      await settled(tab);
      await tab.go(`${base}/shop/p/123`);
      await tab.shown();
      await settled(tab);
      await tab.travel(-1);
      await tab.heard(is("lcp", "back-forward-cache"));
      await tab.hide();
    },
  },

  // A page that the browser did not keep is loaded again; `back_forward` above comes out of its cache.
  back_forward_loaded: {
    views: 3,
    flags: ["--disable-features=BackForwardCache"],
    async run({ tab, base }) {
      await tab.go(`${base}/shop/`);
      await tab.shown();
      await settled(tab);
      await tab.go(`${base}/shop/p/123`);
      await tab.shown();
      await settled(tab);
      await tab.travel(-1);
      await tab.heard(is("lcp", "back-forward"));
      await settled(tab);
      await tab.hide();
    },
  },

  // A tab that the browser had thrown away and loads again; only a browser short of memory does so, hence the mark that it leaves is set here.
  restored_tab: {
    views: 1,
    script: "Object.defineProperty(document, 'wasDiscarded', { value: true });",
    async run({ tab, base }) {
      await tab.go(`${base}/shop/`);
      await tab.heard(is("lcp", "restore"));
      await settled(tab);
      await tab.hide();
    },
  },

  // A page without a picture that is larger than its words: there is no second paint to wait for.
  closed_early: {
    views: 1,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/cart`, { wait: false });
      await tab.heard(is("lcp"));
      await tab.until("window.felt && felt.running");
    },
  },

  // Left before its picture came: what counts is how long the visitor waited.
  left_early: {
    views: 2,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/gallery`, { wait: false });
      await tab.heard(is("fcp"));
      await tab.until("window.felt && felt.running");
      await tab.go(`${base}/shop/`);
      await tab.shown();
      await settled(tab);
      await tab.hide();
    },
  },

  reload: {
    views: 2,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/c/lamps`);
      await tab.heard(is("lcp"));
      await settled(tab);
      const loaded = tab.event("Page.loadEventFired");
      await tab.send("Page.reload");
      await loaded;
      await tab.heard(is("lcp", "reload"));
      await settled(tab);
      await tab.hide();
    },
  },

  background_tab: {
    views: 1,
    background: true,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/`);
      await tab.show();
      await wait(tab, 300);
      await tab.hide();
    },
  },

  checkout: {
    views: 5,
    async run({ tab, base }) {
      // Each page is seen before the next: the library tells of nothing that was left before its first paint.
      const seen = async (path) => {
        await tab.heard((report) => report.metric === "lcp" && report.url.includes(path));
        await settled(tab);
      };
      await tab.go(`${base}/shop/p/101`);
      await seen("/p/101");
      await tab.click("#add");
      await tab.painted();
      await tab.go(`${base}/shop/cart`);
      await seen("/cart");
      await tab.go(`${base}/shop/checkout/address`);
      await seen("/address");
      await tab.click("#next");
      await seen("/pay");
      await tab.click("#next");
      await seen("/done");
      await tab.hide();
    },
  },

  search: {
    views: 1,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/search?q=s3cr3t`);
      await tab.until("document.querySelector('#found').textContent.includes('found')");
      await tab.click("#feedback [value='4']");
      await tab.painted();
      await tab.hide();
    },
  },

  plain: {
    views: 1,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/`);
      await tab.heard(is("lcp"));
      await settled(tab);
      await tab.hide();
    },
  },

  typing: {
    views: 1,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/search`);
      await settled(tab);
      await tab.evaluate("document.querySelector('input').focus()");
      await tab.type("lamp s3cr3t");
      await tab.heard(is("inp"));
      await tab.painted();
      await tab.hide();
    },
  },

  // More errors than anyone reads: the first ones are sent, the rest is counted.
  error_storm: {
    views: 1,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/workshop`);
      await settled(tab);
      await tab.evaluate(`new Promise((done) => {
        for (let n = 0; n < 500; n++) setTimeout(() => { throw new Error("storm " + n + "x".repeat(900)); });
        setTimeout(() => done(true), 50);
      })`);
      await tab.painted();
      await tab.hide();
    },
  },

  // Of so many interactions nine may be worse than the one that counts.
  five_hundred_interactions: {
    views: 1,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/workshop?busy=70`);
      await settled(tab);
      for (let n = 0; n < 12; n++) {
        await tab.click("#slow-click");
        await tab.click("#dead", 41);
      }
      await tab.heard(is("inp"));
      await tab.painted();
      await tab.hide();
    },
  },

  // Turned away before its picture came, and came back: what is painted after that was waited for by nobody.
  hidden_before_lcp: {
    views: 1,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/gallery`, { wait: false });
      await tab.heard(is("lcp"));
      await tab.until("window.felt && felt.running");
      await tab.hide();
      await tab.until("[...document.images].every((image) => image.complete)");
      await tab.show();
      await tab.painted();
      await tab.hide();
    },
  },

  closed_soon: {
    views: 1,
    async run({ tab, base }) {
      await tab.go(`${base}/shop/c/lamps`);
      await tab.heard(is("lcp"));
      await wait(tab, 700);
    },
  },
};
