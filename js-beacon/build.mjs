// Builds dist/: the script for browsers, its compressed forms, and the hash that names it. Prints the sizes.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const here = new URL(".", import.meta.url).pathname;
const dist = new URL("dist/", import.meta.url);
await mkdir(dist, { recursive: true });

const result = await build({
  absWorkingDir: here,
  entryPoints: ["src/main.ts"],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  legalComments: "none",
  // The library's modules instead of its one minified file: what is not used stays out.
  alias: { "web-vitals/attribution": "./node_modules/web-vitals/dist/modules/attribution/index.js" },
  // web-vitals marks its private members with a leading underscore; nothing of ours is read by such a name from outside.
  mangleProps: /^_/,
  write: false,
});

const script = Buffer.from(result.outputFiles[0].contents);
const brotli = brotliCompressSync(script, {
  params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: script.length },
});
const gzip = gzipSync(script, { level: 9 });
const hash = createHash("sha256").update(script).digest("hex").slice(0, 16);

await writeFile(new URL("beacon.js", dist), script);
await writeFile(new URL("beacon.js.br", dist), brotli);
await writeFile(new URL("beacon.js.gz", dist), gzip);
await writeFile(new URL("beacon.hash", dist), `${hash}\n`);
console.log(`beacon ${hash}: ${script.length} bytes, gzip ${gzip.length}, brotli ${brotli.length}`);
