// A command or a line of code to copy, and the commands that write something of a site.

import { address } from "../address/navigate.ts";
import { sitePath } from "../api/paths.ts";

export function Code({ children, label }: { children: string; label?: string }) {
  return <pre tabIndex={0} aria-label={label}><code>{children}</code></pre>;
}

/** What writes `body` to a part of the site from a terminal, or from CI. */
export function Curl({ method, to, body }: { method: "POST" | "PUT"; to: readonly string[]; body: string }) {
  return <Code>{`curl -X ${method} -H "Authorization: Bearer $FELT_TOKEN" -H "Content-Type: application/json" \\\n  ${location.origin}${sitePath(address.value, ...to)} \\\n  -d '${body}'`}</Code>;
}
