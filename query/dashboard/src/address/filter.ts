// One filter of the API's grammar, `dimension:op:v1,v2`: reading, writing and negating.
// Filters are ANDed with one another; the values inside one are ORed.

export type FilterOp = "is" | "not" | "glob" | "prefix" | "gt" | "lt" | "set";

export interface Filter {
  readonly dimension: string;
  readonly op: FilterOp;
  readonly values: readonly string[];
}

const OPS: readonly string[] = ["is", "not", "glob", "prefix", "gt", "lt", "set"];

/**
 * Reads one `f=` value as it stands in the address, still percent-encoded: a plain `:` or `,` separates, an encoded
 * one belongs to a value. Form encoders escape the separators too; then the whole is decoded first, as the API does.
 * Null when it is not in the grammar: a mistyped link must not break the screen.
 */
export function parseFilter(encoded: string): Filter | null {
  const text = encoded.includes(":") ? encoded.replace(/\+/g, " ") : decode(encoded.replace(/\+/g, " "));
  // A tag's dimension has a colon of its own: `tag:plan:is:pro`.
  const match = /^(tag:[^:]+|[^:]+):([a-z]+)(?::([\s\S]*))?$/.exec(text);
  if (!match) return null;
  const [, dimension, op, values] = match;
  if (!dimension || !op || !OPS.includes(op)) return null;
  return { dimension: decode(dimension), op: op as FilterOp, values: values === undefined ? [] : values.split(",").map(decode) };
}

/** The value of an `f` parameter, ready for an address: separators plain, everything else encoded where it must be. */
export function printFilter(filter: Filter): string {
  const dimension = filter.dimension.startsWith("tag:") ? `tag:${encode(filter.dimension.slice(4)).replace(/:/g, "%3A")}` : filter.dimension;
  const head = `${dimension}:${filter.op}`;
  return filter.values.length === 0 ? head : `${head}:${filter.values.map(encode).join(",")}`;
}

/** Legible: slashes, colons and stars of pages stay as they are; a comma would separate, so it is encoded. */
function encode(value: string): string {
  return encodeURIComponent(value).replace(/%(3A|2F|40|24)/g, decodeURIComponent);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whether it wants views that have no value at all. */
export function isUnset(filter: Filter): boolean {
  return filter.op === "set" && filter.values[0] === "false";
}

/** `is` becomes `not` and back, known becomes unknown. Other operators have no opposite in the grammar: null. */
export function negated(filter: Filter): Filter | null {
  if (filter.op === "is") return { ...filter, op: "not" };
  if (filter.op === "not") return { ...filter, op: "is" };
  if (filter.op === "set") return { ...filter, values: isUnset(filter) ? [] : ["false"] };
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
