// What the map of countries says.

import { catalog } from "./language.ts";
import en from "./messages/map.en.ts";

export const mapWords = catalog(en, () => import("./messages/map.de.ts"));
