// The API's address of a question: the screen's scope, plus what the widget itself asks.

import { type Address, type Param, printQuery, scopeParams } from "../address/address.ts";
import { type Filter, withFilter } from "../address/filter.ts";

export function apiPath(address: Address, call: string, own: readonly Param[] = [], extra: readonly Filter[] = []): string {
  const filters = extra.reduce<readonly Filter[]>(withFilter, address.filters);
  const scoped = scopeParams({ ...address, filters, tz: address.tz ?? browserTimeZone() });
  const query = printQuery([...scoped, ...own]);
  return `/api/v1/sites/${encodeURIComponent(address.site ?? "")}/${call}${query === "" ? "" : `?${query}`}`;
}

/** Health knows times but no filters. */
export function healthPath(address: Address): string {
  return apiPath({ ...address, filters: [], who: "humans", tz: null }, "health");
}

export function browserTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** A command that fetches the same from a terminal. The token stays a variable: it must not land in a chat. */
export function asCurl(path: string, origin: string, withToken: boolean): string {
  const quoted = `${origin}${path}`.replace(/'/g, "'\\''");
  return `curl ${withToken ? '-H "Authorization: Bearer $FELT_TOKEN" ' : ""}'${quoted}'`;
}

/** A call about the site that knows neither time nor filters, such as `slos/checkout-fast`. Parts of it are encoded here. */
export function sitePath(address: Address, ...parts: readonly string[]): string {
  return `/api/v1/sites/${[address.site ?? "", ...parts].map(encodeURIComponent).join("/")}`;
}
