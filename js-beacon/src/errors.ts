// Script errors and promises that failed without anyone minding. The same error is sent once a view.
import { listen, now } from "./browser";
import { ERRORS_MAX } from "./limits";
import { scrubText, scrubUrl } from "./url";
import { addEvent, current } from "./views";
import type { View } from "./views";

/** Who else wants to know of errors. */
export const onError: { _tell?: () => void } = {};

/** What can be said about anything that was thrown; people throw strings, objects, and nothing at all. */
export const errorFacts = (thrown: unknown, message?: string, source = "") => ({
  message: scrubText(message || `${thrown}`),
  stack: scrubText((thrown as Error | undefined)?.stack),
  ...(FULL && { source: scrubUrl(source) }),
});

/** Files an error under a view, unless that view has it already. */
export const fileError = (view: View, facts: ReturnType<typeof errorFacts>, fatal?: boolean): void => {
  const same = view._wire.events.some(({ message, stack }) => message === facts.message && stack === facts.stack);
  if (!same) addEvent(view, "error", FULL ? { ...facts, fatal } : facts, now(), ERRORS_MAX);
  if (FULL) onError._tell?.();
};

export const watchErrors = (): void => {
  listen("error unhandledrejection", ({ type, error, message, filename, reason }: ErrorEvent & PromiseRejectionEvent) => {
    // Only script errors have a message; an image that does not load is a failed request.
    if (message || type > "u") fileError(current(), errorFacts(error ?? reason, message, filename));
  });
};
