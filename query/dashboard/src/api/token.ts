// The API token, when the server wants one. Kept for this tab only, never written into an address. A share link's secret is one that
// stands behind the `#` of the link, which no browser sends; the address forgets it at once.

import { signal } from "../signal.ts";

const KEY = "felt.token";
const LINK = "feltl_";

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

/** Whether what is shown came by a share link: one site, read-only. */
export const isShared = (): boolean => token.value?.startsWith(LINK) ?? false;

// A link pasted over an open screen loads nothing by itself.
addEventListener("hashchange", () => {
  if (fromLink() !== null) location.reload();
});

function fromLink(): string | null {
  const secret = new RegExp(`^#share=(${LINK}[\\w-]+)$`).exec(location.hash)?.[1] ?? null;
  if (secret === null) return null;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    sessionStorage.setItem(KEY, secret);
  } catch {
    // As above.
  }
  return secret;
}

function read(): string | null {
  const secret = fromLink();
  if (secret !== null) return secret;
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
