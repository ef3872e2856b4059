// What the Journeys screen says.

import { catalog } from "./language.ts";
import en from "./messages/journeys.en.ts";

export const journeyWords = catalog(en, () => import("./messages/journeys.de.ts"));
