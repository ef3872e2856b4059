// What a page may tell: `felt(command, …)`. A wrong call is ignored; it must never break the page that makes it.
import { now } from "./browser";
import { errorFacts, fileError } from "./errors";
import { TAGS_MAX, TAG_KEY_CHARS_MAX, TEXT_CHARS_MAX } from "./limits";
import { addEvent } from "./snapshot";
import { addTiming, markUsable } from "./timings";
import { cut } from "./url";
import type { Shared } from "./snapshot";
import type { Views } from "./views";

type Fields = Record<string, unknown>;
const NAME_CHARS_MAX = 64;
const name = (value: unknown): string => cut(String(value ?? ""), NAME_CHARS_MAX);
const number = (value: unknown): number | undefined => (Number.isFinite(Number(value ?? NaN)) ? Number(value) : undefined);
const fields = (value: unknown): Fields => (value && typeof value === "object" ? (value as Fields) : {});

type Tags = Record<string, string>;

/** The commands, by name. Times are taken when the command is given. */
export function createApi(views: Views, shared: Shared): (...args: unknown[]) => void {
  const commands: Record<string, (a: unknown, b: unknown, c: unknown) => void> = {
    timing: (timing, ms) => addTiming(views.current, name(timing), now(), Number(ms)),

    step: (journey, step, details) => {
      const { amount, currency } = fields(details);
      if (!journey || !step) return;
      addEvent(views.current, {
        type: "step",
        at: now(),
        journey: name(journey),
        step: name(step),
        amount: number(amount),
        currency: currency === undefined ? undefined : cut(String(currency), 3),
      });
    },

    usable: () => markUsable(views.current, now()),

    route: (route) => {
      views.current.route = route ? cut(String(route), 256) : undefined;
    },

    tag: (key, value) => {
      const tags = shared.tags as Tags;
      const tag = cut(String(key ?? ""), TAG_KEY_CHARS_MAX);
      if (!tag) return;
      if (value === undefined || value === null) delete tags[tag];
      else if (tag in tags || Object.keys(tags).length < TAGS_MAX) tags[tag] = cut(String(value), TEXT_CHARS_MAX);
    },

    release: (release) => {
      shared.release = release ? cut(String(release), 64) : undefined;
    },

    visitor: (id) => {
      shared.visitor = /^[\w-]{8,64}$/.test(String(id)) ? String(id) : undefined;
    },

    error: (thrown, details) => fileError(views.current, now(), errorFacts(thrown), fields(details)["fatal"] === true),

    feedback: (score, of, text) => {
      const given: Fields = typeof score === "object" ? fields(score) : { score, of, text };
      const points = number(given["score"]);
      const outOf = number(given["of"]) ?? 5;
      if (points === undefined || points < 0 || points > outOf) return;
      addEvent(views.current, {
        type: "feedback",
        at: now(),
        score: points,
        of: outOf,
        text: given["text"] ? cut(String(given["text"]), TEXT_CHARS_MAX) : undefined,
      });
    },
  };

  return (command, a, b, c) => {
    try {
      const known = typeof command === "string" && Object.hasOwn(commands, command) ? commands[command] : undefined;
      known?.(a, b, c);
      views.changed();
    } catch {
      // A value whose `toString` throws is the page's own business.
    }
  };
}
