// Builds dist/: the scripts for browsers with their compressed forms, hashes and integrity, and the modules of the npm package.
// Prints the sizes, and fails when one is over its budget.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { COMMON, OWN, small } from "./small.mjs";

/** Bytes, brotli at quality 11. */
const BUDGETS = { "beacon-core.js": 4_000, "beacon.js": 6_000, "beacon-prompt.js": 2_500 };

const dist = new URL("dist/", import.meta.url);
await mkdir(dist, { recursive: true });

const manifest = {};

/** Writes a script and all that whoever serves it needs. */
async function publish(name, bytes) {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  const gzip = gzipSync(bytes, { level: 9 });
  const stem = name.replace(/\.js$/, "");
  await writeFile(new URL(name, dist), bytes);
  await writeFile(new URL(`${name}.br`, dist), brotli);
  await writeFile(new URL(`${name}.gz`, dist), gzip);
  await writeFile(new URL(`${stem}.hash`, dist), `${hash}\n`);
  const integrity = `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
  manifest[name] = { path: `${stem}.${hash}.js`, integrity, bytes: bytes.length, gzip: gzip.length, brotli: brotli.length };
  console.log(`${name} ${hash}: ${bytes.length} bytes, gzip ${gzip.length}, brotli ${brotli.length} of ${BUDGETS[name]}`);
  return manifest[name];
}

const prompt = await publish("beacon-prompt.js", Buffer.from(await small("prompt", { format: "esm" })));
await publish("beacon.js", Buffer.from(await small("full", { prompt })));
await publish("beacon-core.js", Buffer.from(await small("core", { full: false })));
await writeFile(new URL("beacon.json", dist), `${JSON.stringify(manifest, undefined, 2)}\n`);

// The package: readable modules, for the site's own bundler to shake and shrink.
const modules = new URL("esm/", dist);
await rm(modules, { recursive: true, force: true });
await mkdir(modules);
const { outputFiles } = await build({
  ...COMMON,
  mangleProps: OWN,
  entryPoints: ["src/index.ts"],
  outdir: "dist/esm",
  format: "esm",
  splitting: true,
  chunkNames: "[name]",
  define: { FULL: "true", ESM: "true", PROMPT_FILE: '""' },
});
for (const { path, contents } of outputFiles) await writeFile(path, contents);
await writeFile(new URL("index.d.ts", modules), await readFile(new URL("index.d.ts", import.meta.url)));

const over = Object.entries(BUDGETS).filter(([name, most]) => manifest[name].brotli > most);
if (over.length) throw new Error(`too large: ${over.map(([name, most]) => `${name} is ${manifest[name].brotli} bytes of ${most}`).join(", ")}`);
