// Signs people in. Apart from session.ts, because few people load it.

import { problemText, request } from "./client.ts";
import { SESSION_PATH } from "./session.ts";
import { setToken } from "./token.ts";
import type { Problem } from "./types.ts";

/** Which ways there are to sign in; `oidc` is the name of the provider. */
export interface Ways {
  readonly password: boolean;
  readonly oidc: string | null;
}

interface Asked {
  readonly sign_in?: Ways;
}

/** Asks for the ways to sign in. */
export async function askWays(): Promise<Ways | null> {
  try {
    const response = await request(SESSION_PATH, {}, true);
    const asked = (await response.json()) as Asked;
    return asked.sign_in ?? null;
  } catch {
    return null;
  }
}

interface FaultWords {
  readonly wrong: string;
  readonly wait: (seconds: string | null) => string;
  readonly unreachable: string;
}

/** Signs in; what is wrong in words, or null when nothing is. */
export async function signIn(email: string, password: string, words: FaultWords): Promise<string | null> {
  try {
    const response = await request(SESSION_PATH, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ email, password }) }, true);
    if (response.ok) {
      setToken("");
      return null;
    }
    if (response.status === 401) return words.wrong;
    if (response.status === 429) return words.wait(response.headers.get("Retry-After"));
    return problemText((await response.json()) as Problem);
  } catch {
    return words.unreachable;
  }
}

/** Where a sign-in at the provider begins; it comes back to what is shown now. */
export function elsewhereHref(): string {
  return `${SESSION_PATH}/oidc?return_to=${encodeURIComponent(location.pathname + location.search)}`;
}
