// `beacon-core.js`: vitals, navigation, errors, soft navigations and the transport, and nothing else.
import { startFromScript } from "./start";

startFromScript([]);
