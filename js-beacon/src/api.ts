// What a page may tell: `felt(command, …)`. A wrong call is ignored; it must never break the page that makes it.
import { guarded } from "./browser";
import { cut } from "./url";
import { current } from "./views";
import { changed } from "./send";

export type Command = (a?: unknown, b?: unknown, c?: unknown) => void;

/** The commands, by name; parts add their own. */
export const commands: Record<string, Command> = {
  route: (route) => {
    current()._wire.route = cut(route);
  },
};

export const api = ([command, ...args]: unknown[]): void => {
  guarded(() => commands[command as string]!(...args))();
  changed();
};
