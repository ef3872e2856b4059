// One filter of the API's grammar, `dimension:op:v1,v2`: reading, writing, negating, and saying it in words.
// Filters are ANDed with one another; the values inside one are ORed.

export type FilterOp = "is" | "not" | "glob" | "prefix" | "gt" | "lt" | "set";

export interface Filter {
  readonly dimension: string;
  readonly op: FilterOp;
  readonly values: readonly string[];
}

const OPS: readonly string[] = ["is", "not", "glob", "prefix", "gt", "lt", "set"];

/** Reads one `f=` value. Null when it is not in the grammar: a mistyped link must not break the screen. */
export function parseFilter(text: string): Filter | null {
  // A tag's dimension has a colon of its own: `tag:plan:is:pro`.
  const match = /^(tag:[^:]+|[^:]+):([a-z]+)(?::([\s\S]*))?$/.exec(text);
  if (!match) return null;
  const [, dimension, op, rest] = match;
  if (!dimension || !op || !OPS.includes(op)) return null;
  return { dimension, op: op as FilterOp, values: rest === undefined ? [] : splitValues(rest) };
}

export function printFilter(filter: Filter): string {
  const head = `${filter.dimension}:${filter.op}`;
  if (filter.values.length === 0) return head;
  return `${head}:${filter.values.map(escapeValue).join(",")}`;
}

/** A comma inside a value is written `\,` and a backslash `\\`, so that `a,b` stays two values. */
function escapeValue(value: string): string {
  return value.replace(/[\\,]/g, (character) => `\\${character}`);
}

function splitValues(text: string): string[] {
  const values: string[] = [];
  let current = "";
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    const next = text.charAt(at + 1);
    if (character === "\\" && (next === "," || next === "\\")) {
      current += next;
      at++;
    } else if (character === ",") {
      values.push(current);
      current = "";
    } else {
      current += character;
    }
  }
  values.push(current);
  return values;
}

/** `is` becomes `not` and back. Other operators have no opposite in the grammar: null. */
export function negated(filter: Filter): Filter | null {
  if (filter.op === "is") return { ...filter, op: "not" };
  if (filter.op === "not") return { ...filter, op: "is" };
  return null;
}

export function sameFilter(a: Filter, b: Filter): boolean {
  return printFilter(a) === printFilter(b);
}

/** Adds a value: joins the `is` (or `not`) filter of that dimension when there is one, else starts a new filter. */
export function withFilter(filters: readonly Filter[], added: Filter): Filter[] {
  const joinable = added.op === "is" || added.op === "not";
  const at = filters.findIndex((filter) => joinable && filter.dimension === added.dimension && filter.op === added.op);
  if (at < 0) return filters.some((filter) => sameFilter(filter, added)) ? [...filters] : [...filters, added];
  return filters.map((filter, index) =>
    index === at ? { ...filter, values: [...new Set([...filter.values, ...added.values])] } : filter,
  );
}

/** Takes one value out of the `is` filter of a dimension; the filter goes when it was the last. */
export function withoutValue(filters: readonly Filter[], dimension: string, value: string): Filter[] {
  return filters.flatMap((filter) => {
    if (filter.dimension !== dimension || filter.op !== "is" || !filter.values.includes(value)) return [filter];
    const values = filter.values.filter((other) => other !== value);
    return values.length > 0 ? [{ ...filter, values }] : [];
  });
}

export function isFilteredTo(filters: readonly Filter[], dimension: string, value: string): boolean {
  return filters.some((filter) => filter.dimension === dimension && filter.op === "is" && filter.values.includes(value));
}

const OP_WORDS: Record<FilterOp, string> = {
  is: "is",
  not: "is not",
  glob: "matches",
  prefix: "starts with",
  gt: "is over",
  lt: "is under",
  set: "is known",
};

export function opWords(op: FilterOp): string {
  return OP_WORDS[op];
}
