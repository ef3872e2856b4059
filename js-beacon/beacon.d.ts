// Types of the global `felt` function, for pages written in TypeScript: `/// <reference types="@felt/beacon" />`.

interface FeltFunction {
  /** A duration of your own, ms. */
  (command: "timing", name: string, ms: number): void;
  /** A step of a journey, with what it was worth. */
  (command: "step", journey: string, step: string, details?: { amount?: number; currency?: string }): void;
  /** The page can be used now: judged instead of LCP. */
  (command: "usable"): void;
  /** The route of the current view, with placeholders: `/p/:id`. */
  (command: "route", route: string): void;
  /** A property of this and later views; null takes it away. */
  (command: "tag", key: string, value: string | number | boolean | null): void;
  (command: "release", release: string): void;
  /** Only with the person's consent; null takes it away. 8 to 64 of A-Za-z0-9_- */
  (command: "visitor", id: string | null): void;
  /** An error that was handled; `fatal` when the visitor could not go on. */
  (command: "error", error: unknown, details?: { fatal?: boolean }): void;
  (command: "feedback", feedback: { score: number; of?: number; text?: string }): void;
  (command: "feedback", score: number, of?: number, text?: string): void;
}

interface Window {
  felt: FeltFunction;
}

declare var felt: FeltFunction;
