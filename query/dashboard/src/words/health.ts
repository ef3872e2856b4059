// What the Data health screen says.

import { catalog } from "./language.ts";
import en from "./messages/health.en.ts";

export const healthWords = catalog(en, () => import("./messages/health.de.ts"));
