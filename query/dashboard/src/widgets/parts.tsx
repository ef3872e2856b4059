// Widgets that few people see, fetched when they are drawn.

import { lazy } from "./lazy.tsx";

export const FirstVisit = lazy(() => import("./first-visit.tsx").then((file) => file.FirstVisit));
