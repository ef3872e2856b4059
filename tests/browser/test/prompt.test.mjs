// The feedback prompt as people use it: with a mouse, with the keyboard alone, and with a screen reader, which is told what the
// accessibility tree holds.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBrowser } from "../lib/cdp.mjs";
import { startServer } from "../lib/server.mjs";
import { openVisit } from "../lib/tab.mjs";

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

const QUESTION = `{ ask: "How did this page feel?", low: "awful", high: "great", comment: "What could be better?" }`;
const inPrompt = (selector) => `document.querySelector("body > div")?.shadowRoot?.querySelector(${JSON.stringify(selector)})`;

async function asked(use, style = "") {
  const server = await startServer({
    pages: {
      "/page": (answer) => {
        answer.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
        answer.end(`<!doctype html><html lang="en"><title>A page</title><link rel="icon" href="data:,"><style>${style}</style>
          <script async src="/beacon.js" data-site="shop"></script><body><h1>A page</h1><button id="before" onclick='felt("feedback", ${QUESTION})'>Ask me</button>`);
      },
    },
  });
  const visit = await openVisit(browser);
  try {
    const tab = await visit.openTab();
    await tab.go(`${server.base}/page`);
    await tab.until("window.felt && felt.running");
    assert.ok(!server.requests.some((request) => request.includes("prompt")), "it is loaded only when used");
    await tab.evaluate("document.querySelector('#before').focus()");
    await tab.press("Enter");
    await tab.until(inPrompt("input"));
    await use({ server, tab });
    await tab.close();
  } finally {
    await visit.close();
    await server.close();
  }
}

/** Name of what has the focus, as a person would call it. */
const focused = `(() => {
  const inside = document.querySelector("body > div")?.shadowRoot?.activeElement;
  const at = inside ?? document.activeElement;
  return at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent;
})()`;

const answered = async ({ server, tab }) => {
  await tab.hide();
  const view = await server.arrived(({ views }) => views().find(({ events }) => events.some(({ type }) => type === "feedback")), "the answer");
  return view.events.find(({ type }) => type === "feedback");
};

test("it takes no focus, is reached and answered by keyboard alone, thanks as a status, and gives the focus back", () =>
  asked(async ({ server, tab }) => {
    assert.equal(await tab.evaluate(focused), "Ask me", "what people are doing is not interrupted");
    await tab.press("Tab");
    assert.equal(await tab.evaluate(focused), "1 of 5, awful");
    await tab.press(" ");
    await tab.press("ArrowRight");
    await tab.press("ArrowRight");
    assert.equal(await tab.evaluate(focused), "3 of 5");
    await tab.press("Tab");
    assert.equal(await tab.evaluate(focused), "What could be better?");
    await tab.type("more pictures");
    await tab.press("Tab");
    assert.equal(await tab.evaluate(focused), "Send");
    await tab.press("Enter");
    assert.equal(await tab.evaluate(`${inPrompt("[role=status]")}.textContent`), "Thank you.");
    assert.equal(await tab.evaluate(focused), "Close", "the focus is not lost with the form");
    await tab.press("Escape");
    await tab.until(`!${inPrompt("section")}`);
    assert.equal(await tab.evaluate(focused), "Ask me");
    const { score, of, text } = await answered({ server, tab });
    assert.deepEqual([score, of, text], [3, 5, "more pictures"]);
  }));

test("a screen reader is told a named region, a question with its group of choices, and what each button does", () =>
  asked(async ({ tab }) => {
    await tab.send("Accessibility.enable");
    const { nodes } = await tab.send("Accessibility.getFullAXTree");
    const named = nodes.filter(({ ignored }) => !ignored).map(({ role, name }) => `${role?.value}: ${name?.value ?? ""}`);
    for (const expected of [
      "region: How did this page feel?",
      "heading: How did this page feel?",
      "group: How did this page feel?",
      "radio: 1 of 5, awful",
      "radio: 2 of 5",
      "radio: 5 of 5, great",
      "textbox: What could be better?",
      "button: Send",
      "button: Close",
      "status: ",
    ]) {
      assert.ok(named.includes(expected), `${expected} in ${named.join("\n")}`);
    }
    assert.ok(named.filter((node) => /^(radio|button|textbox)/.test(node)).every((node) => /: ./.test(node)), "nothing is without a name");
  }));

test("targets are large enough, text has contrast in both schemes, and the page's own colours may be given", async () => {
  const ratio = `(() => {
    const channel = (value) => { const c = value / 255; return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; };
    const luminance = (colour) => { const [r, g, b] = colour.match(/\\d+/g).map(Number); return .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b); };
    const style = getComputedStyle(${inPrompt("section")});
    const [a, b] = [luminance(style.color), luminance(style.backgroundColor)].sort((x, y) => y - x);
    return (a + .05) / (b + .05);
  })()`;
  await asked(async ({ tab }) => {
    assert.ok((await tab.evaluate(ratio)) >= 7);
    const sizes = await tab.evaluate(`[...${inPrompt("section")}.querySelectorAll("label:has(input), button")].map((at) => { const { width, height } = at.getBoundingClientRect(); return Math.min(width, height); })`);
    assert.ok(sizes.length >= 7 && sizes.every((size) => size >= 24), `${sizes}`);
    await tab.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: "dark" }] });
    assert.ok((await tab.evaluate(ratio)) >= 7);
  });
  await asked(
    async ({ tab }) => {
      assert.equal(await tab.evaluate(`getComputedStyle(${inPrompt("section")}).backgroundColor`), "rgb(255, 240, 200)");
    },
    ":root { --felt-background: rgb(255 240 200); } section, input { display: none !important; background: red !important; }",
  );
});

test("it is answered once by mouse, asks once at a time, and says nothing when it is closed", () =>
  asked(async ({ server, tab }) => {
    await tab.evaluate(`felt("feedback", ${QUESTION})`);
    assert.equal(await tab.evaluate("document.querySelectorAll('body > div').length"), 1);
    await tab.evaluate(`${inPrompt("button.close")}.click()`);
    await tab.until(`!${inPrompt("section")}`);
    await tab.evaluate(`felt("feedback", ${QUESTION})`);
    await tab.until(inPrompt("input"));
    await tab.evaluate(`${inPrompt("input[value='5']")}.click(), ${inPrompt("button[type=submit]")}.click()`);
    const { score, text } = await answered({ server, tab });
    assert.deepEqual([score, text], [5, undefined]);
  }));
