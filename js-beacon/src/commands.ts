// What else a page may tell: readiness, tags, release, visitor, consent, and errors that it handled.
import { commands } from "./api";
import { guarded, now } from "./browser";
import { config } from "./config";
import { errorFacts, fileError } from "./errors";
import { NAME_CHARS_MAX, TAGS_MAX } from "./limits";
import { KEY as KEPT, restore } from "./send";
import { KEY as SESSION, session } from "./session";
import { cut } from "./url";
import { current, noteMoment } from "./views";
import { shared } from "./wire";

export type Fields = Record<string, unknown>;

export const name = (value: unknown): string => cut(value, NAME_CHARS_MAX);

/** The moment counts in which the page was ready first. */
export const markUsable = (time: number, view = current()): void => {
  if (!view._wire.metrics["usable"]) noteMoment(view, "usable", time);
};

/** The visitor's word: before it, values of a site that requires consent stay in memory; after a no, nothing is left. */
export const consent = (given: unknown): void => {
  config._open = config._keeps = config._session = !!given;
  if (given) {
    session();
    restore();
  } else {
    shared.visitor = "";
    guarded(() => delete localStorage[KEPT])();
    guarded(() => delete sessionStorage[SESSION])();
  }
};

export const addCommands = (): unknown =>
  Object.assign(commands, {
    usable: () => markUsable(now()),
    tag: (key: unknown, value: unknown) => {
      const { tags } = shared;
      const tag = name(key);
      if (value == null) delete tags[tag];
      else if (tag in tags || Object.keys(tags).length < TAGS_MAX) tags[tag] = cut(value);
    },
    release: (release: unknown) => {
      shared.release = name(release);
    },
    visitor: (id: unknown) => {
      shared.visitor = name(id);
    },
    error: (thrown: unknown, details?: { fatal?: unknown }) => fileError(current(), errorFacts(thrown), !!details?.fatal),
    consent,
  });
