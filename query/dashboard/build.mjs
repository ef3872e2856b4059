// Builds the web app into dist/: index.html, app.js, app.css, favicon.svg, and chunks/ with what only some need: each
// screen, each language. The four have fixed names, which the query server validates by ETag; a chunk carries the hash
// of its content in its name, so that a browser may keep it for ever.
import { build } from "esbuild";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

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
    legalComments: "none",
    logLevel: "warning",
    plugins: [sharesTheKit],
  });
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

/** Whoever uses one of these takes all of src/kit-figures.ts. */
const FIGURES = ["api/beside.ts", "api/read.ts", "widgets/series.tsx", "widgets/cells.tsx", "widgets/breakdown-table.tsx"];

/** Lets the app and every part that it fetches on its own (`import("…")`) import the kits; words in a language need nothing. */
const sharesTheKit = {
  name: "shares-the-kit",
  setup(build) {
    const parts = new Set([here("src/main.tsx")]);
    build.onResolve({ filter: /\.tsx?$/ }, ({ kind, path, resolveDir }) => {
      if (kind === "dynamic-import" && !path.endsWith(".de.ts")) parts.add(resolve(resolveDir, path));
    });
    build.onLoad({ filter: /src\/.*\.tsx?$/ }, async ({ path }) => {
      if (!parts.has(path)) return undefined;
      const source = await readFile(path, "utf8");
      const kits = FIGURES.some((module) => source.includes(`"../${module}"`)) ? ["src/kit.ts", "src/kit-figures.ts"] : ["src/kit.ts"];
      return { contents: `${source}\n${kits.map((kit) => `import ${JSON.stringify(here(kit))};\n`).join("")}`, loader: path.endsWith("x") ? "tsx" : "ts" };
    });
  },
};

/** What the first picture needs is fetched at once, and not file after file: the app's own chunks, and the first screen's. */
function preloads(outputs) {
  const first = Object.keys(outputs).filter((file) => outputs[file].entryPoint === "src/main.tsx" || outputs[file].entryPoint === "src/screens/happiness.tsx");
  const imported = first.flatMap((file) => outputs[file].imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => path));
  const files = new Set([...first, ...imported].filter((file) => file.startsWith("dist/chunks/")));
  return [...files].map((file) => `    <link rel="modulepreload" href="${file.replace("dist/", "/")}" />\n`).join("");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildDashboard();
