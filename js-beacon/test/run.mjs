// Bundles the unit tests, which are TypeScript, and runs them with Node's own runner.
import { build } from "esbuild";
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = await mkdtemp(join(here, "../node_modules/.beacon-tests-"));
try {
  const tests = (await readdir(here)).filter((name) => name.endsWith(".test.ts"));
  await build({
    absWorkingDir: here,
    entryPoints: tests,
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    // It finds its own binary beside itself.
    external: ["esbuild"],
    format: "esm",
    sourcemap: "inline",
    // What the pure parts mention of a browser without using it here.
    define: { FULL: "true", ESM: "false", PROMPT_FILE: '""' },
    banner: { js: "globalThis.window ??= globalThis; globalThis.navigator ??= {}; globalThis.document ??= {}; globalThis.location ??= new URL('https://shop.example/');" },
    logLevel: "warning",
  });
  const files = tests.map((name) => join(out, name.replace(/\.ts$/, ".mjs")));
  const child = spawn(process.execPath, ["--enable-source-maps", "--test", ...files], { stdio: "inherit", env: { ...process.env, BEACON_ROOT: join(here, "..") } });
  process.exitCode = await new Promise((resolve) => child.once("close", resolve));
} finally {
  await rm(out, { recursive: true, force: true });
}
