// Settings, read from the data attributes of the script element.

export interface Config {
  site: string;
  /** Where snapshots go, the site included. */
  endpoint: string;
  release: string | undefined;
  route: string | undefined;
  /** Share of sessions measured, 0 to 1. */
  sample: number;
  /** Query parameters that may stay in URLs. */
  query: readonly string[];
  /** `performance.measure` names with this prefix become timings. */
  measurePrefix: string;
  /** False only where the site says that Global Privacy Control and Do Not Track need not stop it. */
  honourPrivacySignals: boolean;
}

type Attributes = Readonly<Record<string, string | undefined>>;

/** Settings from `data-*` attributes and the script's own address; undefined without a site key, for then nothing can be sent. */
export function readConfig(data: Attributes, scriptUrl: string): Config | undefined {
  const site = data["site"];
  if (!site) return undefined;
  const sample = data["sample"] === undefined ? 1 : Number(data["sample"]);
  let endpoint: URL;
  try {
    endpoint = new URL(data["endpoint"] ?? "/v1/beacon", scriptUrl);
  } catch {
    return undefined;
  }
  endpoint.searchParams.set("site", site);
  return {
    site,
    endpoint: endpoint.href,
    release: data["release"],
    route: data["route"],
    sample: sample >= 0 && sample <= 1 ? sample : 1,
    query: (data["query"] ?? "").split(/[\s,]+/).filter(Boolean),
    measurePrefix: data["measurePrefix"] ?? "felt:",
    honourPrivacySignals: data["privacySignals"] !== "ignore",
  };
}
