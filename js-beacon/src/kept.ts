// Requests that could not be handed over, until they can: in memory, and in sessionStorage for the next page of the tab.
import { AGE_MS_MAX, ATTEMPTS_MAX, KEPT_CHARS_MAX } from "./limits";
import type { TabStorage } from "./session";

const KEY = "felt.kept";

interface Item {
  readonly body: string;
  /** Unix ms; only the difference to a later reading of the same clock is used. */
  readonly at: number;
}

export class Kept {
  private items: Item[] = [];

  constructor(private readonly storage: TabStorage | undefined) {
    try {
      const stored: unknown = JSON.parse(storage?.getItem(KEY) ?? "[]");
      if (Array.isArray(stored)) this.items = stored.filter((item: Item) => typeof item?.body === "string" && item.at > 0);
    } catch {
      // Blocked storage, or not ours: begin with nothing.
    }
  }

  get size(): number {
    return this.items.length;
  }

  /** Keeps a request body; the oldest ones make room. */
  add(body: string, at: number): void {
    this.items.push({ body, at });
    while (this.items.reduce((sum, item) => sum + item.body.length, 0) > KEPT_CHARS_MAX) this.items.shift();
    this.store();
  }

  /** Hands out everything that is still worth sending, as a further attempt and with its age brought up to `time`. */
  takeAll(time: number): string[] {
    const bodies = this.items.map((item) => aged(item, time)).filter((body) => body !== "[]");
    this.items = [];
    this.store();
    return bodies;
  }

  private store(): void {
    try {
      if (this.items.length) this.storage?.setItem(KEY, JSON.stringify(this.items));
      else this.storage?.removeItem(KEY);
    } catch {
      // Memory has to do.
    }
  }
}

function aged({ body, at }: Item, time: number): string {
  const waited = Math.max(0, time - at);
  try {
    const snapshots = [JSON.parse(body)].flat() as { age: number; attempt: number }[];
    for (const snapshot of snapshots) {
      snapshot.age += waited;
      snapshot.attempt++;
    }
    return JSON.stringify(snapshots.filter(({ age, attempt }) => age <= AGE_MS_MAX && attempt <= ATTEMPTS_MAX));
  } catch {
    return "[]";
  }
}
