// English: what metrics, causes, dimensions and their values are called.

const names = {
  metrics: { happiness: "Happiness", lcp: "Opening", inp: "Reacting", cls: "Jumping", fcp: "First sight", ttfb: "First answer" } as Record<string, string>,
  causes: {
    slow_open: { clause: "It opened slowly", because: "it opened slowly", hurtsMost: "slow opening hurts most", brief: "Slow opening", meaning: "The main part of the page took more than 2.5 s to appear." },
    slow_react: { clause: "It reacted slowly", because: "it reacted slowly", hurtsMost: "slow reactions hurt most", brief: "Slow reactions", meaning: "After a click, a tap or a key, nothing was shown for more than 0.2 s." },
    jumped: { clause: "It jumped about", because: "it jumped about", hurtsMost: "jumping content hurts most", brief: "Jumping", meaning: "Parts of the page moved while it was being read or used." },
    broke: { clause: "Something broke", because: "something broke", hurtsMost: "errors hurt most", brief: "Errors", meaning: "The page failed, a script crashed, or clicks did nothing." },
    gave_up: { clause: "They gave up waiting", because: "they gave up waiting", hurtsMost: "waiting until people give up hurts most", brief: "Gave up", meaning: "The visitor left before the page was there; the time waited counts." },
  },
  dimensions: {
    page: "Page", path: "Exact path", country: "Country", region: "Region", device: "Device", os: "Operating system", browser: "Browser", browser_version: "Browser version",
    connection: "Connection", release: "Release", nav: "Way of arriving", referrer: "Came from", lang: "Language", bot: "Bot rule", cause: "Cause",
  } as Record<string, string>,
  tag: (name: string) => `Tag “${name}”`,
  nav: {
    navigate: "Opened a link", reload: "Reloaded", back_forward: "Back or forward", bfcache: "Back, from memory", prerender: "Opened ahead of time", restore: "Restored tab", soft: "Moved within the app",
  } as Record<string, string>,
  devices: { mobile: "Mobile", desktop: "Desktop", tablet: "Tablet" } as Record<string, string>,
  unknown: "(not known)",
  others: "All others together",
  titles: { release: "Releases", device: "Devices", country: "Countries", browser: "Browsers", page: "Pages" } as Record<string, string>,
};
export default names;
