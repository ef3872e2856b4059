// Who is looking: signs people in and out. The session itself is in a cookie that no script can read.

import { signal } from "../signal.ts";
import { request } from "./client.ts";
import { setToken, tokenWanted } from "./token.ts";
import type { Problem } from "./types.ts";

const PATH = "/api/v1/session";

export interface Who {
  readonly kind: "person" | "token" | "link" | "anyone";
  readonly name: string;
}

/** Which ways there are to sign in; `oidc` is the name of the provider. */
export interface Ways {
  readonly password: boolean;
  readonly oidc: string | null;
}

/** Who the server takes us for, as it says beside the list of sites; null while that is not known. */
export const who = signal<Who | null>(null);

/** Why a sign-in elsewhere came back without anybody, where it did. Read once: the address forgets it. */
export const refusedElsewhere = new URLSearchParams(location.search).get("sign_in");

interface Asked {
  readonly sign_in?: Ways;
}

/** Asks for the ways to sign in. */
export async function askWays(): Promise<Ways | null> {
  try {
    const response = await request(PATH, {}, true);
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
    const response = await request(PATH, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ email, password }) }, true);
    if (response.ok) {
      setToken("");
      return null;
    }
    if (response.status === 401) return words.wrong;
    if (response.status === 429) return words.wait(response.headers.get("Retry-After"));
    const problem = (await response.json()) as Problem;
    return problem.detail ?? problem.title;
  } catch {
    return words.unreachable;
  }
}

export async function signOut(): Promise<void> {
  if (who.value?.kind === "person") await request(PATH, { method: "DELETE" }, true).catch(() => null);
  setToken("");
  who.value = null;
  tokenWanted.value = true;
}

/** Where a sign-in at the provider begins; it comes back to what is shown now. */
export function elsewhereHref(): string {
  return `${PATH}/oidc?return_to=${encodeURIComponent(location.pathname + location.search)}`;
}
