// How long to wait before a refused request is tried again.
//
// Exponential with full jitter, on top of what the server asks for: whoever waits the same time comes back at the same time, and
// a server that just came up goes down again. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

const BASE_MS = 30_000;
const LONGEST_MS = 600_000;

/** Milliseconds to wait after `failures` failures in a row; `retryAfter` is the server's own word, seconds of peace if it is a number. */
export const waitMs = (failures: number, retryAfter: string | null | undefined, random: number): number =>
  ((retryAfter as unknown as number) * 1_000 || 0) + random * Math.min(LONGEST_MS, BASE_MS * 2 ** failures);
