// Makes one script of the sources, as small as it gets: esbuild bundles and shortens names, terser does the rest.
import { build } from "esbuild";
import { minify } from "terser";

/** What all builds share. */
export const COMMON = {
  absWorkingDir: new URL(".", import.meta.url).pathname,
  bundle: true,
  target: "es2022",
  legalComments: "none",
  write: false,
  // Strict mode changes nothing that is used here, and saying so costs a line.
  tsconfigRaw: { compilerOptions: { alwaysStrict: false, strict: false } },
};

/** Names with a leading underscore are the beacon's own; all others are the browser's or the wire's. */
export const OWN = /^_[a-z]/;

/**
 * Has Chromium compile all functions while the script loads, beside the main thread, and not one by one there when they are first called: nearly all are, at
 * once. Elsewhere it is a comment. https://v8.dev/blog/explicit-compile-hints
 */
const EAGERLY = "//# allFunctionsCalledOnLoad";

export async function small(entry, { format = "iife", full = true, prompt = {} } = {}) {
  const bundled = await build({
    ...COMMON,
    entryPoints: [`src/${entry}.ts`],
    format,
    // Terser shortens names anew; what esbuild has shortened before compresses a little better.
    minifyIdentifiers: true,
    minifySyntax: true,
    minifyWhitespace: true,
    mangleProps: OWN,
    define: { FULL: `${full}`, ESM: "false", PROMPT_FILE: JSON.stringify(prompt.path ?? "") },
  });
  const { code } = await minify(bundled.outputFiles[0].text.replace(/^"use strict";/, ""), {
    ecma: 2022,
    module: format === "esm",
    // Statements of one form compress better than the shortest ones.
    compress: { passes: 4, if_return: false, unsafe_arrows: true, unsafe_methods: true, pure_getters: true, lhs_constants: false },
  });
  return format === "iife" ? `${EAGERLY}\n${code}` : code;
}
