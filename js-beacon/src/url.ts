// Takes out of URLs, and of text that quotes URLs, what must not leave the browser: query, fragment and credentials.
import { TEXT_CHARS_MAX } from "./limits";

/** What may stay of a query; a part lets sites say so. */
export const queries = { _kept: (_url: string): string => "" };

/** A URL without its query, fragment and credentials. Of a data: or blob: URL, which carries content, only the scheme is left. */
export const scrubUrl = (url: string): string => {
  const bare = url.replace(/^(?!http)([\w-]+:).*|^(\w+:..)[^/?#]*@|[?#].*/gs, "$1$2");
  return cut(FULL ? bare + queries._kept(url) : bare);
};

/** What is looked at of a text at all. */
const LONG_CHARS_MAX = 5_000;

/** Text such as a message or a stack, with query and fragment taken out of every URL in it; `:line:column` stays. */
export const scrubText = (text: unknown): string =>
  cut(cut(text, LONG_CHARS_MAX).replace(/(:\/\/[^\s?#]+)[?#].*?((:\d+){0,2})(?=[\s"'<>()]|$)/g, "$1$2"));

export const cut = (text: unknown, charsMax = TEXT_CHARS_MAX): string => `${text ?? ""}`.slice(0, charsMax);

/** What tells one route from another: the path, and the path inside the fragment where the app routes by it. */
export const routeKey = ({ pathname, hash }: { pathname: string; hash: string }): string =>
  pathname + (hash && hash.replace(/^#(?!!?\/).*|\?.*/, ""));
