// The session: views of one tab without a gap of half an hour. It lives in sessionStorage; there are no cookies.
import { randomId } from "./id";
import { SESSION_GAP_MS } from "./limits";

const KEY = "felt.session";

/** What is needed of `sessionStorage`, which throws where the visitor blocks storage. */
export interface TabStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** `sessionStorage`, or undefined where merely asking for it throws. */
export function tabStorage(): TabStorage | undefined {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

/** Gives the session of a view that begins, or goes on, at `time` (unix ms, only ever compared with itself). */
export function createSession(storage: TabStorage | undefined): (time: number) => string {
  let id = "";
  let last = 0;
  return (time) => {
    try {
      const [storedId, storedLast] = (storage?.getItem(KEY) ?? "").split(" ");
      if (storedId && /^[\w-]{8,64}$/.test(storedId)) {
        id = storedId;
        last = Number(storedLast) || 0;
      }
    } catch {
      // Without storage the session is this document.
    }
    if (!id || Math.abs(time - last) > SESSION_GAP_MS) id = randomId();
    last = time;
    try {
      storage?.setItem(KEY, `${id} ${time}`);
    } catch {
      // As above; also where the quota is spent.
    }
    return id;
  };
}
