// What the browser says about itself, as coarse as it says it.
import { nav } from "./browser";

export function clientFacts(): Record<string, unknown> {
  const connection = nav.connection;
  return {
    viewport: [innerWidth, innerHeight],
    dpr: devicePixelRatio,
    connection: connection?.effectiveType,
    rtt: connection?.rtt,
    save_data: connection?.saveData,
    memory: nav.deviceMemory,
    cores: nav.hardwareConcurrency,
    lang: nav.language,
    tz: timeZone(),
    webdriver: !!nav.webdriver,
  };
}

function timeZone(): string | undefined {
  try {
    return Intl.DateTimeFormat().resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}
