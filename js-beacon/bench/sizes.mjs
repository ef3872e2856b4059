// Weighs other beacons beside ours, each with page load, vitals and errors switched on: esbuild --bundle --minify --format=iife --target=es2020, brotli
// at quality 11. `npm ci --prefix bench && npm run sizes`.
import { build } from "esbuild";
import { readFile } from "node:fs/promises";
import { brotliCompressSync, gzipSync } from "node:zlib";

const SEND = 'addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") navigator.sendBeacon("/in", JSON.stringify([...queue])); });';
const VITALS = (from) => `import { onCLS, onFCP, onINP, onLCP, onTTFB } from "${from}"; const queue = new Set(); const add = (metric) => queue.add(metric);
  onCLS(add); onFCP(add); onINP(add); onLCP(add); onTTFB(add); ${SEND}`;

const OTHERS = {
  "web-vitals + 12 lines of transport": VITALS("web-vitals"),
  "… attribution build": VITALS("web-vitals/attribution"),
  "perfume": `import { initPerfume } from "perfume.js"; const queue = new Set(); initPerfume({ analyticsTracker: (options) => queue.add(options) }); ${SEND}`,
  "@speedcurve/lux": `import "@speedcurve/lux/dist/lux.es2020.js";`,
  "@elastic/apm-rum": `import { init } from "@elastic/apm-rum"; init({ serviceName: "shop", serverUrl: "/in" });`,
  "Grafana Faro": `import { getWebInstrumentations, initializeFaro } from "@grafana/faro-web-sdk"; initializeFaro({ url: "/in", app: { name: "shop" }, instrumentations: getWebInstrumentations() });`,
  "Grafana Faro with tracing": `import { getWebInstrumentations, initializeFaro } from "@grafana/faro-web-sdk"; import { TracingInstrumentation } from "@grafana/faro-web-tracing";
    initializeFaro({ url: "/in", app: { name: "shop" }, instrumentations: [...getWebInstrumentations(), new TracingInstrumentation()] });`,
  "Datadog RUM slim": `import { datadogRum } from "@datadog/browser-rum-slim"; datadogRum.init({ applicationId: "a", clientToken: "b" });`,
  "Datadog RUM": `import { datadogRum } from "@datadog/browser-rum"; datadogRum.init({ applicationId: "a", clientToken: "b" });`,
  "Sentry with tracing": `import { browserTracingIntegration, init } from "@sentry/browser"; init({ dsn: "https://a@b.example/1", integrations: [browserTracingIntegration()], tracesSampleRate: 1 });`,
  "posthog-js": `import posthog from "posthog-js"; posthog.init("a", { api_host: "/in" });`,
};

const here = new URL(".", import.meta.url).pathname;
const rows = [];
for (const name of ["beacon-core.js", "beacon.js"]) {
  const bytes = await readFile(new URL(`../dist/${name}`, import.meta.url));
  rows.push([`**Felt, \`${name}\`**`, bytes]);
}
for (const [name, contents] of Object.entries(OTHERS)) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: here },
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2020",
    write: false,
    logLevel: "error",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  rows.push([name, outputFiles[0].contents]);
}
console.log("| beacon | bytes | gzip -9 | brotli -11 |\n|---|--:|--:|--:|");
const digits = (number) => number.toLocaleString("en-US");
for (const [name, bytes] of rows) {
  console.log(`| ${name} | ${digits(bytes.length)} | ${digits(gzipSync(bytes, { level: 9 }).length)} | ${digits(brotliCompressSync(bytes).length)} |`);
}
const { dependencies } = JSON.parse(await readFile(new URL("package.json", import.meta.url), "utf8"));
console.log(`\n${Object.entries(dependencies).map((pair) => pair.join(" ")).join(", ")}`);
