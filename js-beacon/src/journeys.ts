// Steps of journeys, with what they are worth: `felt("step", journey, step, { amount, currency })`.
import { commands } from "./api";
import { now } from "./browser";
import { name } from "./commands";
import { TIMINGS_MAX } from "./limits";
import { cut } from "./url";
import { addEvent, current } from "./views";
import type { Fields } from "./commands";

export const watchJourneys = (): unknown =>
  (commands["step"] = (journey, step, details) => {
    const { amount, currency, failed } = Object(details) as Fields;
    if (!journey || !step) return;
    addEvent(
      current(),
      "step",
      { journey: name(journey), step: name(step), amount: amount && +(amount as number), currency: cut(currency, 3), failed: failed ? true : undefined },
      now(),
      TIMINGS_MAX,
    );
  });
