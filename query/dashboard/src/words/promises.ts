// The words of the Promises screen, and its sentences.

import { catalog } from "./language.ts";
import en from "./messages/promises.en.ts";

export const promiseWords = catalog(en, () => import("./messages/promises.de.ts"));
