// The screens that draw no happiness: they do without kit-figures.ts.

import "../kit.ts";

export { HealthScreen as health } from "./health.tsx";
export { JourneysScreen as journeys } from "./journeys.tsx";
export { PromisesScreen as promises } from "./promises.tsx";
export { SessionsScreen as sessions } from "./sessions.tsx";
