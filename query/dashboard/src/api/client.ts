// Talks to the query API: one fetch, answers or problems, never an exception other than an abort.

import { signal } from "@preact/signals";
import { token, tokenWanted } from "./token.ts";
import type { Answer, Part, Problem, SiteRow } from "./types.ts";

/** The most parts the server takes in one batch. */
const BATCH_PARTS_MAX = 20;

/** The server's clock minus this computer's, in ms: "38 s ago" must not depend on a wrong clock. */
export const clockSkewMs = signal(0);

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
  return { status: response.status, title: `the server answered ${response.status}` };
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "title" in body;
}

/** What a failed connection looks like to a widget. */
export const UNREACHABLE: Problem = { status: 0, title: "the server cannot be reached" };

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

export async function get<Row>(path: string, signal?: AbortSignal): Promise<Part<Row>> {
  try {
    const response = await request(path, signal ? { signal } : {});
    if (!response.ok) return { ok: false, problem: await problemOf(response) };
    return { ok: true, answer: (await response.json()) as Answer<Row> };
  } catch (error) {
    if (isAbort(error)) throw error;
    return { ok: false, problem: UNREACHABLE };
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
    return Object.fromEntries(names.map((name, index) => [name, partOf(body.responses[index])]));
  } catch (error) {
    if (isAbort(error)) throw error;
    return every(UNREACHABLE);
  }
}

function partOf(response: { status: number; body: unknown } | undefined): Part<unknown> {
  if (response === undefined) return { ok: false, problem: { status: 502, title: "the answer is incomplete" } };
  if (response.status === 401) tokenWanted.value = true;
  if (response.status >= 200 && response.status < 300) return { ok: true, answer: response.body as Answer<unknown> };
  const problem = isProblem(response.body) ? response.body : { title: `the server answered ${response.status}` };
  return { ok: false, problem: { ...problem, status: response.status } };
}
