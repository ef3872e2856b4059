// The names of words, such as `words.budgetCourse`, are for who reads the source: built files get short ones. A name is only
// shortened where nothing else can mean it: not the platform (TypeScript's own libraries say what that has), not Preact, not an
// answer of the API, and not data that looks words up.

import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const WORDS = /\/messages\//;

/** A regular expression of the names that may be shortened, for esbuild's `mangleProps`. */
export async function shortKeys() {
  const files = (await readdir(here("src"), { recursive: true })).filter((file) => /\.tsx?$/.test(file));
  const sources = await Promise.all(files.map(async (file) => ({ file: `/${file}`, text: await readFile(here(`src/${file}`), "utf8") })));
  const words = sources.filter(({ file }) => WORDS.test(file)).map(({ text }) => text);
  const code = sources.filter(({ file }) => !WORDS.test(file)).map(({ text }) => text);
  const taken = new Set([
    ...(await platform()),
    ...code.flatMap((text) => [...declared(text), ...listed(text), ...quoted(text)]),
    ...words.flatMap((text) => [...quoted(text), ...lookedUp(text)]),
  ]);
  const names = new Set(words.flatMap(declared));
  const short = [...names].filter((name) => name.length > 2 && !name.includes("_") && !taken.has(name));
  return new RegExp(`^(${short.join("|")})$`);
}

const all = (text, pattern) => [...text.matchAll(pattern)].map(([, name]) => name);
const withoutComments = (text) => text.replace(/\/\*[\s\S]*?\*\/|(?<![:"'`\w])\/\/.*/g, "");
const withoutTexts = (text) => withoutComments(text).replace(/"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, '""');

/** Names that stand before a colon or a question mark and one: of fields, keys and parameters. */
const declared = (text) => all(withoutTexts(text), /\b([A-Za-z_]\w*)\??:/g);

/** Names in braces that stand for themselves: `{ title, from }`. */
const listed = (text) => all(withoutTexts(text), /[{,]\s*([A-Za-z_]\w*)(?=\s*[,}])/g);

/** Whatever is a text may be a name that data has. */
const quoted = (text) => all(text, /["'`](\w+)["'`]/g);

/** The keys of tables that are declared to be open: `{ … } as Record<string, …>`. */
function lookedUp(text) {
  const plain = withoutTexts(text);
  return [...plain.matchAll(/\} as Record</g)].flatMap(({ index }) => {
    let depth = 0;
    let start = index;
    do {
      if (plain[start] === "}") depth += 1;
      if (plain[start] === "{") depth -= 1;
      start -= 1;
    } while (depth > 0);
    return declared(plain.slice(start, index));
  });
}

async function platform() {
  const compilers = (await readdir(here("node_modules/@typescript"))).map((name) => here(`node_modules/@typescript/${name}/lib`));
  const libraries = await Promise.all(compilers.map(async (folder) => (await readdir(folder)).filter((file) => /^lib\..*\.d\.ts$/.test(file)).map((file) => `${folder}/${file}`)));
  const texts = await Promise.all(libraries.flat().map((file) => readFile(file, "utf8")));
  if (texts.length === 0) throw new Error("TypeScript's libraries are not where they were: short-keys.mjs would shorten what the platform names");
  const preact = await Promise.all(["preact.mjs", "../hooks/dist/hooks.mjs", "../jsx-runtime/dist/jsxRuntime.mjs"].map((file) => readFile(here(`node_modules/preact/dist/${file}`), "utf8")));
  return [...texts.flatMap((text) => all(withoutComments(text), /\b([A-Za-z_]\w*)\??[:(]/g)), ...preact.flatMap((text) => all(text, /\b([A-Za-z_]\w+)\b/g))];
}
