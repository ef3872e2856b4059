// Runs every test with node's own runner: the pure ones bundled from TypeScript, the browser ones as they are.
// `node test/run.mjs unit` or `browser` runs one kind.

import { spawn } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const kinds = process.argv[2] ? [process.argv[2]] : ["unit", "browser"];
const files = [];

if (kinds.includes("unit")) {
  const outdir = here("../.test-build");
  await rm(outdir, { recursive: true, force: true });
  const sources = (await readdir(here("unit"))).filter((name) => name.endsWith(".test.ts"));
  await build({ entryPoints: sources.map((name) => here(`unit/${name}`)), outdir, bundle: true, platform: "node", format: "esm", target: "node20", outExtension: { ".js": ".mjs" }, logLevel: "warning" });
  files.push(...sources.map((name) => `${outdir}/${name.replace(/\.ts$/, ".mjs")}`));
}
if (kinds.includes("browser")) {
  files.push(...(await readdir(here("browser"))).filter((name) => name.endsWith(".test.mjs")).map((name) => here(`browser/${name}`)));
}

// One file at a time: several browsers at once would fight for the machine and measure each other.
const runner = spawn(process.execPath, ["--test", "--test-reporter=spec", "--test-concurrency=1", ...files], { stdio: "inherit" });
runner.on("exit", (code) => (process.exitCode = code ?? 1));
