// Builds the web app into dist/: index.html, app.js, app.css, favicon.svg, and chunks/ with what only some need: each
// set of screens, each language. The four have fixed names, which the query server validates by ETag; a chunk carries the hash
// of its content in its name, so that a browser may keep it for ever.
import { build } from "esbuild";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { minify } from "terser";
import { shortKeys } from "./short-keys.mjs";

/** Which screens travel together, as src/screens/index.ts fetches them. */
const SETS = {
  "set-felt": ["happiness", "pages"],
  "set-marks": ["releases", "incidents"],
  "set-others": ["health", "journeys", "promises", "sessions"],
};

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export async function buildDashboard() {
  await rm(here("dist"), { recursive: true, force: true });
  await mkdir(here("dist"), { recursive: true });
  const built = await build({
    entryPoints: { app: here("src/main.tsx") },
    outdir: here("dist"),
    bundle: true,
    splitting: true,
    chunkNames: "chunks/[name].[hash]",
    metafile: true,
    minify: true,
    format: "esm",
    target: ["es2022"],
    jsx: "automatic",
    jsxImportSource: "preact",
    mangleProps: await shortKeys(),
    legalComments: "none",
    logLevel: "warning",
    write: false,
  });
  // A second look, which finds 2 % more than the first: docs/decisions/0061-small-files.md.
  for (const { path, text } of built.outputFiles) {
    const { code } = await minify(text, { module: true, ecma: 2022, compress: { passes: 2 } });
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, code);
  }
  // What imports what: test/size.mjs weighs the first load by it. It stays outside of dist/, which goes into the binary.
  await mkdir(here(".build"), { recursive: true });
  await writeFile(here(".build/meta.json"), JSON.stringify(built.metafile.outputs));
  await build({
    entryPoints: { app: here("src/styles/app.css") },
    outdir: here("dist"),
    bundle: true,
    minify: true,
    // light-dark() and nesting are kept as written: lowering them doubles the file.
    target: ["chrome123", "firefox120", "safari17.5"],
    logLevel: "warning",
  });
  await cp(here("static"), here("dist"), { recursive: true });
  const page = await readFile(here("dist/index.html"), "utf8");
  await writeFile(here("dist/index.html"), page.replace("  </head>", `${preloads(built.metafile.outputs)}  </head>`));
}

/** The app's own chunks are fetched at once; those of a set of screens are named for src/main.tsx, which knows what is wanted. */
function preloads(outputs) {
  const statics = (file) => outputs[file].imports.filter(({ kind }) => kind === "import-statement").flatMap(({ path }) => [path, ...statics(path)]);
  const entry = (source) => Object.keys(outputs).find((file) => outputs[file].entryPoint === source);
  const own = new Set(statics(entry("src/main.tsx")));
  const link = (attribute, file) => `    <link ${attribute} href="${file.replace("dist/", "/")}" />\n`;
  const named = new Map();
  for (const [set, screens] of Object.entries(SETS)) {
    for (const file of [entry(`src/screens/${set}.ts`), ...statics(entry(`src/screens/${set}.ts`))]) if (!own.has(file)) named.set(file, new Set([...(named.get(file) ?? []), ...screens]));
  }
  return [...[...own].map((file) => link('rel="modulepreload"', file)), ...[...named].map(([file, screens]) => link(`data-for="${[...screens].join(" ")}"`, file))].join("");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildDashboard();
