// Who is looking, and how they leave; sign-in.ts lets them in. The session itself is in a cookie that no script can read.

import { signal } from "../signal.ts";
import { request } from "./client.ts";
import { setToken, tokenWanted } from "./token.ts";

export const SESSION_PATH = "/api/v1/session";

export interface Who {
  readonly kind: "person" | "token" | "link" | "anyone";
  readonly name: string;
}

/** Who the server takes us for, as it says beside the list of sites; null while that is not known. */
export const who = signal<Who | null>(null);

/** Why a sign-in elsewhere came back without anybody, where it did. Read once: the address forgets it. */
export const refusedElsewhere = new URLSearchParams(location.search).get("sign_in");

export async function signOut(): Promise<void> {
  if (who.value?.kind === "person") await request(SESSION_PATH, { method: "DELETE" }, true).catch(() => null);
  setToken("");
  who.value = null;
  tokenWanted.value = true;
}
