import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { refreshers, soon } from "../src/browser";
import type { View } from "../src/views";

let timers: (() => void)[] = [];
Object.assign(globalThis, { setTimeout: (call: () => void) => timers.push(call), performance: { now: () => 0 } });

/** What happens to every view before it is sent. */
const send = (): void => {
  for (const refresh of refreshers) refresh({} as View);
};

beforeEach(() => {
  [timers, refreshers.length] = [[], 0];
});

test("what can wait has a task of its own", () => {
  let calls = 0;
  soon(() => calls++);
  assert.equal(calls, 0, "not at once");
  timers.shift()!();
  assert.equal(calls, 1);
  send();
  assert.equal(calls, 1, "and once");
});

test("what waits is done before a page that is left at once is sent, with all that it finds", () => {
  const found: string[] = [];
  soon(() => refreshers.push(() => found.push("taken")));
  send();
  assert.deepEqual(found, ["taken"], "the observer that it starts is asked in the same step");
  timers.shift()!();
  assert.equal(refreshers.length, 2, "its task, when it comes, does nothing more");
});
