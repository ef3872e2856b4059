// A headless Chromium with a profile of its own, thrown away afterwards. FELT_CHROMIUM names another binary.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const PLACES = [process.env.FELT_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export async function launchChromium() {
  const executablePath = PLACES.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error("no Chromium found: install the package `chromium`, or name a binary in FELT_CHROMIUM");
  return chromium.launch({
    executablePath,
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/** A page in a fixed place and time zone, that fails loudly on script errors and CSP violations. */
export async function openPage(browser, { width = 1440, height = 900, theme = "light", faults = [] } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, timezoneId: "Europe/Berlin", locale: "en-GB", reducedMotion: "reduce" });
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) faults.push(message.text());
  });
  return page;
}

/** Until the screen shows an answer to what the address asks. */
export async function settled(page) {
  await page.waitForFunction(() => document.querySelector("h1") && !document.querySelector("[aria-busy=true], .waiting, .headline .bone"));
}
