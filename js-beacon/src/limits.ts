// Every bound of the beacon, each with its unit. What lies beyond a bound is left out and counted in `dropped`.

/** A request stays under this, so that four fit into the 64 KiB which all scripts of a page share for sendBeacon and keepalive. */
export const REQUEST_BYTES_MAX = 16_000;
/** Left in a request for what differs from one sending to the next, bytes. */
export const HEAD_BYTES_MAX = 300;
/**
 * Most events of one kind in a view; the first ones are kept, and the worst long frames. INTERFACE takes 64 events in all: errors
 * and requests may be 10, timings and steps 12.
 */
export const EVENTS_OF_KIND_MAX = 5;
export const ERRORS_MAX = 10;
export const TIMINGS_MAX = 12;
export const TAGS_MAX = 50;
export const NAME_CHARS_MAX = 64;
/** Of messages, stacks, titles, words and URLs; the server bounds bytes at 1,024. */
export const TEXT_CHARS_MAX = 1_000;
/** Calls of `felt(…)` that wait for the beacon to measure. */
export const CALLS_KEPT_MAX = 99;
/** A view that stays open is sent once this long after it loaded, so that it is seen before it ends. */
export const EARLY_SEND_MS = 10_000;
/** Without a visit for this long, the next view begins a new session. */
export const SESSION_GAP_MS = 1_800_000;
/** Finished views kept for measurements that come late. */
export const VIEWS_KEPT_MAX = 5;
/**
 * The armed request is renewed at most this often in the long run, for each time costs the page most of a millisecond: what came since is
 * lost with a renderer that is killed.
 */
export const ARM_INTERVAL_MS = 250;
/** A quiet page saves renewals up for so long, and then has them at once: what browsers tell of one click comes in several pieces. */
export const ARM_CREDIT_MS = 1_000;
/** What is armed goes after this long at the latest: it says the age that its views had when it was armed. */
export const ARMED_MS_MAX = 600_000;
/** Characters of unsent snapshots held for later. */
export const KEPT_CHARS_MAX = 32_000;
/** The server takes views that began at most a day ago. */
export const AGE_MS_MAX = 86_400_000;
