// Settings: from the data attributes of the script element, or given to `start`.

/** What a site may set; the attributes `data-site`, `data-endpoint`, … of the script element say the same in words. */
export interface Options {
  site: string;
  /** Where snapshots go: an address, or a path of the script's origin. */
  endpoint?: string | undefined;
  release?: string | undefined;
  /** Route of the first view, with placeholders. */
  route?: string | undefined;
  /** Share of sessions measured, 0 to 1. */
  sample?: number | string | undefined;
  /** Query parameters that may stay in URLs, separated by spaces. */
  query?: string | undefined;
  /** `performance.measure` names with this prefix become timings. */
  measurePrefix?: string | undefined;
  /** `ignore` measures visitors with Global Privacy Control or Do Not Track too. */
  privacySignals?: string | undefined;
  /** `required`: nothing leaves or is stored before `felt("consent", true)`; `given`: what cannot be sent may be kept in storage. */
  consent?: string | undefined;
  /** `none`: not even a session id in sessionStorage. */
  storage?: string | undefined;
}

/** What is set, once `configure` has been called. */
export const config = {} as {
  _endpoint: string;
  /** Where the script came from: its prompt lies beside it. */
  _base: string;
  _sample: number;
  /** Whether anything may be sent. */
  _open: boolean;
  /** Whether what cannot be sent may outlive the page. */
  _keeps: boolean;
  /** Whether the session may outlive the page. */
  _session: boolean;
};

/** Takes the settings over; throws without a site key, for then nothing can be sent. `base` is what a path is relative to. */
export const configure = ({ site, consent, endpoint, sample = 1, storage }: Partial<Options>, base: string): void => {
  const url = new URL(endpoint || "/v1/beacon", base);
  url.searchParams.set("site", site!.trim());
  config._endpoint = url.href;
  if (FULL) config._base = base;
  config._sample = +sample;
  config._keeps = consent === "given";
  config._open = consent !== "required";
  config._session = config._open && storage !== "none";
};

/** The part of `navigator` that carries a visitor's wish. */
export interface Wishes {
  readonly globalPrivacyControl?: boolean;
  readonly doNotTrack?: string | null;
}

/** Whether this visitor may be measured: Global Privacy Control and Do Not Track mean no, unless the site overrules them. */
export const mayMeasure = (options: Partial<Options>, wishes: Wishes): boolean =>
  (FULL && options.privacySignals === "ignore") || !(wishes.doNotTrack === "1" || wishes.globalPrivacyControl);
