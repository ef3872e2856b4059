// Every bound of the beacon, each with its unit. What lies beyond a bound is left out and counted in `dropped`.

/** A request stays under this, so that four fit into the 64 KiB which all scripts of a page share for sendBeacon and keepalive. */
export const REQUEST_BYTES_MAX = 16_000;
/** INTERFACE: a snapshot has at most 64 events. */
export const EVENTS_MAX = 64;
/** Most events of one kind in a view; the first ones are kept, and the worst of `long_frame`. */
export const EVENTS_OF_KIND_MAX: Readonly<Record<string, number>> = {
  error: 10,
  request: 10,
  rage_click: 5,
  dead_click: 5,
  long_frame: 5,
  timing: 20,
  step: 20,
  feedback: 3,
};
export const TAGS_MAX = 50;
export const TAG_KEY_CHARS_MAX = 64;
/** Characters; the server bounds bytes at 1,024. */
export const TEXT_CHARS_MAX = 1_000;
export const STACK_CHARS_MAX = 1_000;
export const URL_CHARS_MAX = 1_000;
/** A view that stays open is sent once this long after it loaded, so that it is seen before it ends. */
export const EARLY_SEND_MS = 10_000;
/** Without a visit for this long, the next view begins a new session. */
export const SESSION_GAP_MS = 30 * 60_000;
/** Finished views kept for measurements that come late. */
export const VIEWS_KEPT_MAX = 5;
/** The armed request is renewed at most this often. */
export const ARM_INTERVAL_MS = 500;
export const ATTEMPTS_MAX = 4;
/** Characters of unsent requests held in sessionStorage. */
export const KEPT_CHARS_MAX = 32_000;
/** The server takes views that began at most a day ago. */
export const AGE_MS_MAX = 24 * 3_600_000;
