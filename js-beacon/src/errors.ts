// Script errors and promises that failed without anyone minding. The same error is sent once a view.
import { now } from "./browser";
import { STACK_CHARS_MAX } from "./limits";
import { addEvent } from "./snapshot";
import { scrubText, scrubUrl } from "./url";
import type { View } from "./snapshot";
import type { Views } from "./views";

export interface ErrorFacts {
  message: string;
  stack: string;
  source: string;
}

/** What can be said about anything that was thrown; people throw strings, objects and nothing at all. */
export function errorFacts(thrown: unknown, message = "", source = ""): ErrorFacts {
  let text = message;
  let stack = "";
  try {
    const error = thrown as { name?: unknown; message?: unknown; stack?: unknown } | null | undefined;
    if (error && typeof error === "object") {
      text ||= error.message === undefined ? String(thrown) : `${String(error.name ?? "Error")}: ${String(error.message)}`;
      stack = String(error.stack ?? "");
    } else {
      text ||= String(thrown);
    }
  } catch {
    // A getter that throws must not make the beacon throw.
    text ||= "unknown";
  }
  return { message: scrubText(text), stack: scrubText(stack, STACK_CHARS_MAX), source: scrubUrl(source) };
}

/** Files an error under the view in which it happened, unless that view has it already. */
export function fileError(view: View, time: number, facts: ErrorFacts, fatal = false): void {
  const same = view.events.some(
    (event) => event.type === "error" && event["message"] === facts.message && event["stack"] === (facts.stack || undefined),
  );
  if (same) return;
  addEvent(view, {
    type: "error",
    at: time,
    message: facts.message,
    stack: facts.stack || undefined,
    source: facts.source || undefined,
    fatal: fatal || undefined,
  });
}

export function watchErrors(views: Views): void {
  const file = (facts: ErrorFacts): void => {
    fileError(views.current, now(), facts);
    views.changed();
  };
  addEventListener("error", (event) => {
    // Only script errors have a message; an image that does not load is a failed request.
    if (event.message) file(errorFacts(event.error, event.message, event.filename));
  });
  addEventListener("unhandledrejection", (event) => file(errorFacts(event.reason)));
}
