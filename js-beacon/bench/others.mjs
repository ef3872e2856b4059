// Other beacons, each with page load, vitals and errors switched on, as one script: esbuild --bundle --minify --format=iife --target=es2020. All
// of them send to `/in` of the page's own origin, so that a server of ours can count.
import { build } from "esbuild";
import { readFile } from "node:fs/promises";

const SEND = 'addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") navigator.sendBeacon("/in", JSON.stringify([...queue])); });';
const VITALS = (from) => `import { onCLS, onFCP, onINP, onLCP, onTTFB } from "${from}"; const queue = new Set(); const add = (metric) => queue.add(metric);
  onCLS(add); onFCP(add); onINP(add); onLCP(add); onTTFB(add); ${SEND}`;
const DATADOG = '{ applicationId: "a", clientToken: "b", proxy: location.origin + "/in", trackUserInteractions: true, trackResources: true, trackLongTasks: true, sessionSampleRate: 100 }';

/** The parts of boomerang that measure a visitor's page, in the order in which its own build joins them. */
const BOOMERANG = "auto-xhr spa history rt painttiming navtiming restiming mobile memory errors eventtiming bfcache continuity zzz-last-plugin".split(" ");
const boomerang = async () => {
  const parts = ["boomerang", ...BOOMERANG.map((name) => `plugins/${name}`)];
  const sources = await Promise.all(parts.map((part) => readFile(new URL(`node_modules/boomerangjs/${part}.js`, import.meta.url), "utf8")));
  return `${sources.join("\n")}\nBOOMR.init({ beacon_url: "/in", instrument_xhr: true, Continuity: { enabled: true }, Errors: { enabled: true }, History: { enabled: true, auto: true } });`;
};

const OTEL = ["Errors", "Navigation", "NavigationTiming", "ResourceTiming", "UserAction", "WebVitals"];
const path = (name) => name.replace(/\B[A-Z]/g, "-$&").toLowerCase();

const OTHERS = {
  "web-vitals + 12 lines of transport": VITALS("web-vitals"),
  "… attribution build": VITALS("web-vitals/attribution"),
  "perfume": `import { initPerfume } from "perfume.js"; const queue = new Set(); initPerfume({ analyticsTracker: (options) => queue.add(options) }); ${SEND}`,
  "@speedcurve/lux": `import "@speedcurve/lux/dist/lux.es2020.js"; LUX.beaconUrl = LUX.beaconUrlV2 = LUX.errorBeaconUrl = location.origin + "/in"; LUX.samplerate = 100;`,
  "@elastic/apm-rum": `import { init } from "@elastic/apm-rum"; init({ serviceName: "shop", serverUrl: location.origin + "/in" });`,
  "OpenTelemetry browser, logs": `import { logs } from "@opentelemetry/api-logs"; import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
    import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http"; import { registerInstrumentations } from "@opentelemetry/instrumentation";
    ${OTEL.map((name) => `import { ${name}Instrumentation } from "@opentelemetry/browser-instrumentation/experimental/${path(name)}";`).join("\n")}
    const exporter = new OTLPLogExporter({ url: location.origin + "/in" });
    logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] }));
    registerInstrumentations({ instrumentations: [${OTEL.map((name) => `new ${name}Instrumentation()`).join(", ")}] });`,
  "boomerang, full RUM set": boomerang,
  "Grafana Faro": `import { getWebInstrumentations, initializeFaro } from "@grafana/faro-web-sdk"; initializeFaro({ url: "/in", app: { name: "shop" }, instrumentations: getWebInstrumentations() });`,
  "Grafana Faro with tracing": `import { getWebInstrumentations, initializeFaro } from "@grafana/faro-web-sdk"; import { TracingInstrumentation } from "@grafana/faro-web-tracing";
    initializeFaro({ url: "/in", app: { name: "shop" }, instrumentations: [...getWebInstrumentations(), new TracingInstrumentation()] });`,
  "Datadog RUM slim": `import { datadogRum } from "@datadog/browser-rum-slim"; datadogRum.init(${DATADOG});`,
  "Datadog RUM": `import { datadogRum } from "@datadog/browser-rum"; datadogRum.init(${DATADOG});`,
  "Sentry with tracing": `import { browserTracingIntegration, init } from "@sentry/browser"; init({ dsn: "https://a@b.example/1", tunnel: "/in", integrations: [browserTracingIntegration()], tracesSampleRate: 1 });`,
  "New Relic": `import { BrowserAgent } from "@newrelic/browser-agent/loaders/browser-agent"; new BrowserAgent({
    init: { ssl: false, distributed_tracing: { enabled: true }, ajax: { deny_list: [] } }, loader_config: { accountID: "1", trustKey: "1", agentID: "1", licenseKey: "a", applicationID: "1" },
    info: { beacon: location.host + "/in", errorBeacon: location.host + "/in", licenseKey: "a", applicationID: "1", sa: 1 } });`,
  "posthog-js": `import posthog from "posthog-js"; posthog.init("a", { api_host: location.origin + "/in", capture_performance: true, capture_exceptions: true });`,
};

const root = new URL(".", import.meta.url).pathname;

/** All of them as `[name, bytes]`. */
export async function others() {
  const rows = [];
  for (const [name, source] of Object.entries(OTHERS)) {
    const contents = typeof source === "string" ? source : await source();
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: root },
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
  return rows;
}
