// Takes out of URLs, and of text that quotes URLs, what must not leave the browser: query and fragment.
import { TEXT_CHARS_MAX, URL_CHARS_MAX } from "./limits";

/** A URL without its query, fragment and credentials; query parameters in `allowed` stay. Empty where it is no URL. */
export function scrubUrl(url: string, allowed: readonly string[] = []): string {
  if (!url) return "";
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return cut(url.replace(/[?#].*$/s, ""), URL_CHARS_MAX);
  }
  // A data: or blob: URL carries content, not an address.
  if (!/^https?:$/.test(parsed.protocol)) return parsed.protocol;
  const kept = new URLSearchParams();
  for (const name of allowed) for (const value of parsed.searchParams.getAll(name)) kept.append(name, value);
  const query = kept.toString();
  return cut(parsed.origin + parsed.pathname + (query && `?${query}`), URL_CHARS_MAX);
}

/** Text such as a message or a stack, with query and fragment taken out of every URL in it; `:line:column` stays. */
export function scrubText(text: string, charsMax = TEXT_CHARS_MAX): string {
  const clean = text.replace(/([a-z][\w+.-]*:\/\/[^\s?#"'<>()]+)[?#][^\s"'<>()]*?((?::\d+){0,2})(?=[\s"'<>()]|$)/gi, "$1$2");
  return cut(clean, charsMax);
}

/** At most `charsMax` characters, never half of a surrogate pair. */
export function cut(text: string, charsMax: number): string {
  return text.length > charsMax ? text.slice(0, charsMax).replace(/[\ud800-\udbff]$/, "") : text;
}

/** What tells one route from another: the path, and the path inside the fragment where the app routes by it. */
export function routeKey(url: string): string {
  const parsed = new URL(url);
  const hashRoute = /^#!?\//.test(parsed.hash) ? parsed.hash.replace(/\?.*$/, "") : "";
  return parsed.pathname + hashRoute;
}
