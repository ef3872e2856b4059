// Types of the npm package: `import { start, all } from "@felt/beacon"`.
/// <reference path="../../beacon.d.ts" />

/** What a site may set; only `site` is needed. */
export interface Options {
  /** The site's public key. */
  site: string;
  /** Where snapshots go: the address of your Felt, `https://felt.example/v1/beacon`, or a path of your own origin. */
  endpoint?: string;
  /** What is deployed. */
  release?: string;
  /** Route of the first view, with placeholders: `/p/:id`. */
  route?: string;
  /** Share of sessions measured, 0 to 1. */
  sample?: number;
  /** Query parameters that may stay in URLs, separated by spaces; needs the part `queries`. */
  query?: string;
  /** Marks and measures with this prefix become timings, `felt:` unless said otherwise; needs the part `timings`. */
  measurePrefix?: string;
  /** `ignore` measures visitors with Global Privacy Control or Do Not Track too. */
  privacySignals?: "ignore";
  /** `required`: nothing leaves or is stored before `felt("consent", true)`; `given`: what cannot be sent may be kept in storage. */
  consent?: "required" | "given";
  /** `none`: not even a session id in sessionStorage. */
  storage?: "none";
}

/** Something that is measured beyond the core: vitals, navigation, errors, route changes. */
export type Part = (options: Partial<Options>) => void;

/** Begins to measure, once a page; `window.felt` takes commands from then on. */
export function start(options: Options, parts?: readonly Part[]): void;

/** All parts. */
export const all: readonly Part[];
/** Rage, dead and error clicks. */
export const clicks: Part;
/** Connection, memory, viewport, language. */
export const client: Part;
/** The commands `usable`, `tag`, `release`, `visitor`, `error` and `consent`. */
export const commands: Part;
/** The command `feedback`, and its prompt. */
export const feedback: Part;
/** The command `step`. */
export const journeys: Part;
/** Frames that blocked, and the script to blame. */
export const longFrames: Part;
/** Query parameters that may stay. */
export const queries: Part;
/** Failed requests. */
export const requests: Part;
/** The command `timing`, User Timing, Server-Timing. */
export const timings: Part;
