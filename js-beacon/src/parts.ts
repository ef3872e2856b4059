// All that the beacon can measure beyond its core.
import { watchClicks } from "./clicks";
import { describeClient } from "./client";
import { addCommands } from "./commands";
import { watchFeedback } from "./feedback";
import { watchJourneys } from "./journeys";
import { watchLongFrames } from "./long_frames";
import { keepQueries } from "./queries";
import { watchRequests } from "./requests";
import { watchTimings } from "./timings";
import type { Part } from "./start";

export const ALL: readonly Part[] = [
  addCommands, describeClient, keepQueries, watchLongFrames, watchRequests, watchTimings, watchClicks, watchJourneys, watchFeedback,
];
