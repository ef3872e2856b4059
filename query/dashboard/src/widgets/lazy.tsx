// Parts that few people need at once: fetched when they are first drawn.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { core } from "../words/core.ts";
import { wordsReady } from "../words/language.ts";

/** A component that stands for one that is fetched when it is first drawn. Until then it says that it is loading. */
export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let found: ComponentType<Props> | undefined;
  return function Lazy(props: Props) {
    const [failed, setFailed] = useState(false);
    const [, drawAgain] = useState(0);
    useEffect(() => {
      if (found !== undefined) return;
      Promise.all([load(), wordsReady()]).then(([component]) => {
        found = component;
        drawAgain((count) => count + 1);
      }, () => setFailed(true));
    }, []);
    const Found = found;
    if (Found !== undefined) return <Found {...props} />;
    return failed ? <Renewed /> : <p class="waiting-part" role="status">{core().chrome.loading}</p>;
  };
}

/** A file of the app could not be fetched: the server has a newer app, or is not there. */
export function Renewed() {
  const words = core().chrome;
  return (
    <div class="failed" role="alert">
      <p>{words.renewed}</p>
      <p class="ways"><button type="button" class="button" onClick={() => location.reload()}>{words.reload}</button></p>
    </div>
  );
}
