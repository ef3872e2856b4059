// The session: views of one tab without a gap of half an hour. It lives in sessionStorage; there are no cookies.
import { guarded } from "./browser";
import { config } from "./config";
import { randomId } from "./id";
import { SESSION_GAP_MS } from "./limits";

export const KEY = "felt.session";
let known = "";

/** The session of a view that begins, or goes on, now. */
export const session = (): string => {
  // Unix ms, only ever compared with itself.
  const time = Date.now();
  // Merely asking for storage throws where the visitor blocks it: then the session is this document.
  const stored = guarded(() => config._session && (sessionStorage[KEY] as string))() || known;
  const [id, last] = stored.split(" ") as [string, unknown];
  const current = time - (last as number) <= SESSION_GAP_MS ? id : randomId();
  known = current + " " + time;
  guarded(() => config._session && (sessionStorage[KEY] = known))();
  return current;
};
