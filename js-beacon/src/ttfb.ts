// Time to First Byte of the document. Limits: https://web.dev/articles/ttfb#what_is_a_good_ttfb_score
//
// Straight from the navigation entry: the web-vitals library gives the same value, but only once the page has loaded, and a
// page that is closed before that has one too. It means nothing out of the back/forward cache and after a route change.
import { now } from "./browser";

interface FirstByte {
  readonly responseStart: number;
  readonly activationStart?: number;
}

/** Undefined where the browser hides it or gives nonsense: https://github.com/GoogleChrome/web-vitals/issues/137 */
export function ttfbOf(entry: FirstByte, time = now()): number | undefined {
  if (!(entry.responseStart > 0 && entry.responseStart < time)) return undefined;
  return Math.max(0, entry.responseStart - (entry.activationStart ?? 0));
}
