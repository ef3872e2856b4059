// The API token, when the server wants one. Kept for this tab only, never written into an address.

import { signal } from "../signal.ts";

const KEY = "felt.token";

export const token = signal<string | null>(read());
/** True while the server answers 401: the screen asks for a token instead of showing errors everywhere. */
export const tokenWanted = signal(false);

export function setToken(value: string): void {
  token.value = value.trim() === "" ? null : value.trim();
  tokenWanted.value = false;
  try {
    if (token.value === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, token.value);
  } catch {
    // Storage may be forbidden: the token then lasts until the tab is reloaded.
  }
}

function read(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
