// What `npm pack` would publish: modules with types, the built scripts, and nothing of the sources; and what a bundler makes of it.
import { build } from "esbuild";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";

const root = process.env["BEACON_ROOT"]!;

test("the package holds what its users need, and nothing else", () => {
  const [pack] = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root, encoding: "utf8" })) as [{ files: { path: string }[] }];
  assert.deepEqual(
    pack.files.map(({ path }) => path).sort(),
    [
      "README.md", "beacon.d.ts", "dist/beacon-core.js", "dist/beacon-prompt.js", "dist/beacon.js", "dist/beacon.json",
      "dist/esm/index.d.ts", "dist/esm/index.js", "dist/esm/prompt.js", "package.json",
    ],
  );
});

test("the browser is asked to compile both scripts while they load, in the first line, where alone it looks", async () => {
  for (const name of ["beacon.js", "beacon-core.js"]) {
    assert.match(await readFile(`${root}/dist/${name}`, "utf8"), /^\/\/# allFunctionsCalledOnLoad\n/, name);
  }
});

/** Size of a page's script that imports these from the package. */
async function sizeOf(contents: string): Promise<{ text: string; brotli: number }> {
  const { outputFiles } = await build({
    stdin: { contents: contents.replace("@felt/beacon", `${root}/dist/esm/index.js`), resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    splitting: true,
    outdir: "out",
    write: false,
  });
  const text = outputFiles.find(({ path }) => path.endsWith("stdin.js"))!.text;
  return { text, brotli: brotliCompressSync(text).length };
}

test("what a site does not import stays out of its bundle", async () => {
  const core = await sizeOf('import { start } from "@felt/beacon"; start({ site: "shop" });');
  const some = await sizeOf('import { start, requests } from "@felt/beacon"; start({ site: "shop" }, [requests]);');
  const all = await sizeOf('import { start, all } from "@felt/beacon"; start({ site: "shop" }, all);');
  assert.doesNotMatch(core.text, /dead_click"|MutationObserver|serverTiming|responseStatus:/);
  assert.match(all.text, /MutationObserver/);
  assert.doesNotMatch(all.text, /adoptedStyleSheets/, "the prompt is a chunk of its own");
  assert.ok(core.brotli < some.brotli && some.brotli < all.brotli, `${core.brotli} < ${some.brotli} < ${all.brotli}`);
});
