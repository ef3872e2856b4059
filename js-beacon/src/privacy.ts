// Global Privacy Control and Do Not Track: whoever sends one is not measured at all, unless the site says otherwise.
import type { Config } from "./config";

/** The part of `navigator` that carries a visitor's wish. */
export interface Wishes {
  readonly globalPrivacyControl?: boolean;
  readonly doNotTrack?: string | null;
  readonly msDoNotTrack?: string | null;
}

/** Whether this visitor may be measured. */
export function mayMeasure(config: Pick<Config, "honourPrivacySignals">, wishes: Wishes): boolean {
  if (!config.honourPrivacySignals) return true;
  return wishes.globalPrivacyControl !== true && wishes.doNotTrack !== "1" && wishes.msDoNotTrack !== "1";
}
