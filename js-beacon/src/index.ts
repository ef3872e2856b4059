// The npm package: `start(options, parts)`; what is not imported stays out of the bundle.
export { watchClicks as clicks } from "./clicks";
export { describeClient as client } from "./client";
export { addCommands as commands } from "./commands";
export { watchFeedback as feedback } from "./feedback";
export { watchJourneys as journeys } from "./journeys";
export { watchLongFrames as longFrames } from "./long_frames";
export { keepQueries as queries } from "./queries";
export { watchRequests as requests } from "./requests";
export { watchTimings as timings } from "./timings";
export { ALL as all } from "./parts";
export { start } from "./start";
