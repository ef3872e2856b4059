// Talks to the query API: one fetch, answers or problems, never an exception other than an abort.

import { signal } from "../signal.ts";
import { token, tokenWanted } from "./token.ts";
import type { Answer, Part, Problem, SiteRow } from "./types.ts";
import { core } from "../words/core.ts";

/** The most parts the server takes in one batch. */
const BATCH_PARTS_MAX = 20;

/** The server's clock minus this computer's, in ms: "38 s ago" must not depend on a wrong clock. */
export const clockSkewMs = signal(0);

/** The server's time, as this computer knows it. */
export function serverNow(): number {
  return Date.now() + clockSkewMs.value;
}

/** `quiet`: a 401 is an answer here, and not a reason to ask who is looking. */
export async function request(path: string, init: RequestInit = {}, quiet = false): Promise<Response> {
  const headers = new Headers(init.headers);
  // Beside a session's cookie: what only our own pages can send.
  headers.set("X-Felt-CSRF", "1");
  if (token.value !== null) headers.set("Authorization", `Bearer ${token.value}`);
  const response = await fetch(path, { ...init, headers });
  const date = Date.parse(response.headers.get("Date") ?? "");
  // The header has whole seconds: smaller differences mean nothing.
  if (!Number.isNaN(date)) clockSkewMs.value = Math.abs(date - Date.now()) > 1500 ? date - Date.now() : 0;
  if (response.status === 401 && !quiet) tokenWanted.value = true;
  return response;
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const body: unknown = await response.json();
    if (isProblem(body)) return { ...body, status: response.status };
  } catch {
    // Not JSON: a proxy's page, perhaps. The status has to do.
  }
  return { status: response.status, title: core().widgets.failed.answered(response.status) };
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "title" in body;
}

/** What a failed connection looks like to a widget. */
function unreachable(): Problem {
  return { status: 0, title: core().widgets.failed.unreachable };
}

/** What people said about a site is answered without `query` and `meta`: nothing is to be known about it then. */
function answerOf<Row>(body: unknown): Answer<Row> {
  return { query: {}, meta: {}, ...(body as Partial<Answer<Row>>) } as Answer<Row>;
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

export async function get<Row>(path: string, signal?: AbortSignal): Promise<Part<Row>> {
  try {
    const response = await request(path, signal ? { signal } : {});
    if (!response.ok) return { ok: false, problem: await problemOf(response) };
    return { ok: true, answer: answerOf<Row>(await response.json()) };
  } catch (error) {
    if (isAbort(error)) throw error;
    return { ok: false, problem: unreachable() };
  }
}

export async function getSites(): Promise<Part<SiteRow[]>> {
  return get<SiteRow[]>("/api/v1/sites");
}

/** Asks several questions in one round trip. The same names come back, each with its answer or its problem. */
export async function batch(paths: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Record<string, Part<unknown>>> {
  const names = Object.keys(paths);
  if (names.length > BATCH_PARTS_MAX) throw new Error(`a screen asks at most ${BATCH_PARTS_MAX} questions at once`);
  const every = (problem: Problem): Record<string, Part<unknown>> =>
    Object.fromEntries(names.map((name) => [name, { ok: false, problem } as const]));
  try {
    const response = await request("/api/v1/batch", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ requests: names.map((name) => ({ path: paths[name] })) }),
      signal,
    });
    if (!response.ok) return every(await problemOf(response));
    const body = (await response.json()) as { responses: { status: number; body: unknown }[] };
    const parts = names.map(async (name, index): Promise<[string, Part<unknown>]> => {
      const response = body.responses[index];
      // An older server's batch does not know every call: asked alone, it may be answered.
      const unknown = response?.status === 404 && !isProblem(response.body);
      return [name, unknown ? await get(paths[name] ?? "", signal) : partOf(response)];
    });
    return Object.fromEntries(await Promise.all(parts));
  } catch (error) {
    if (isAbort(error)) throw error;
    return every(unreachable());
  }
}

function partOf(response: { status: number; body: unknown } | undefined): Part<unknown> {
  if (response === undefined) return { ok: false, problem: { status: 502, title: core().widgets.failed.incomplete } };
  if (response.status === 401) tokenWanted.value = true;
  if (response.status >= 200 && response.status < 300) return { ok: true, answer: answerOf(response.body) };
  const problem = isProblem(response.body) ? response.body : { title: core().widgets.failed.answered(response.status) };
  return { ok: false, problem: { ...problem, status: response.status } };
}

/** What a write answers: what is kept now, or what is wrong with it. */
export type Written<Row> = { readonly ok: true; readonly data: Row } | { readonly ok: false; readonly problem: Problem };

/** What is wrong, as the server says it. */
export const problemText = ({ detail, title }: Problem): string => detail ?? title;

/** Writes something; `body` is sent as JSON. */
export async function send<Row>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<Written<Row>> {
  try {
    const init: RequestInit = body === undefined ? { method } : { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const response = await request(path, init);
    if (!response.ok) return { ok: false, problem: await problemOf(response) };
    return { ok: true, ...(response.status === 204 ? null : await response.json()) };
  } catch {
    return { ok: false, problem: unreachable() };
  }
}
