// `beacon.js`: everything but the feedback prompt.
import { ALL } from "./parts";
import { startFromScript } from "./start";

startFromScript(ALL);
