// Builds the web app into dist/: index.html, app.js, app.css, favicon.svg.
// Four files with fixed names, because the query server embeds them in its binary and validates them by ETag.
import { build } from "esbuild";
import { cp, mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export async function buildDashboard() {
  await rm(here("dist"), { recursive: true, force: true });
  await mkdir(here("dist"), { recursive: true });
  await build({
    entryPoints: { app: here("src/main.tsx") },
    outdir: here("dist"),
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "warning",
  });
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
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildDashboard();
