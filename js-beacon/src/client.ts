// What the browser says about itself, as coarse as it says it.
import { guarded, soon, win } from "./browser";
import { shared } from "./wire";

interface BrowserNavigator extends Navigator {
  readonly connection?: { readonly effectiveType?: string; readonly rtt?: number; readonly saveData?: boolean };
  readonly deviceMemory?: number;
}

export const describeClient = (): void =>
  soon(() => {
    const { connection, deviceMemory: memory, hardwareConcurrency: cores, language: lang, webdriver } = navigator as BrowserNavigator;
    const { effectiveType, rtt, saveData: save_data } = connection ?? {};
    // `Intl` tells the time zone everywhere, but loads tables for it that cost more than the rest of the beacon.
    const tz = win.Temporal?.Now.timeZoneId();
    const client: Record<string, unknown> = { dpr: devicePixelRatio, connection: effectiveType, rtt, save_data, memory, cores, lang, webdriver, tz };
    shared.client = client;
    // Asking the window for its size would make the browser lay the page out at once; an observer is told after it has done so anyway.
    const observer = new IntersectionObserver(
      guarded(([{ rootBounds }]: IntersectionObserverEntry[] | any) => {
        if (rootBounds) client["viewport"] = [rootBounds.width, rootBounds.height];
        observer.disconnect();
      }),
    );
    observer.observe(document.documentElement);
  });
