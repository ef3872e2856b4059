// What people say: `felt("feedback", score, of, text)`, or the question itself with `felt("feedback", { ask: "…" })`, whose prompt is a
// file of its own, loaded when it is first used.
import { commands } from "./api";
import { guarded, now } from "./browser";
import { config } from "./config";
import { cut } from "./url";
import { addEvent, current } from "./views";
import type { Question } from "./prompt";

const MOST_MAX = 3;

export const watchFeedback = (): unknown =>
  (commands["feedback"] = (given, of, text) => {
    const said = (Object(given) === given ? given : { score: given, of, text }) as Question & { score?: unknown; text?: unknown };
    const view = current();
    const most = +(said.of ?? 5);
    const add = guarded((score: unknown, text: unknown): void => {
      const points = parseFloat(`${score}`);
      if (points >= 0 && points <= most) addEvent(view, "feedback", { score: points, of: most, text: cut(text) }, now(), MOST_MAX);
    });
    if (said.ask) {
      const prompt: Promise<typeof import("./prompt")> = ESM ? import("./prompt") : import(new URL(PROMPT_FILE, config._base) as unknown as string);
      prompt.then(({ ask }) => ask(said, add)).catch(() => {});
    } else add(said.score, said.text);
  });
