// The help that `?` opens: what the keys do, and the switch that silences single keys.

import { useEffect, useRef } from "preact/hooks";
import { core } from "../words/core.ts";
import { help, keysOn, switchKeys } from "./keys.tsx";

export function HelpBox() {
  const box = useRef<HTMLDialogElement>(null);
  const words = core().chrome.help;
  useEffect(() => {
    if (box.current?.open === false) box.current.showModal();
  }, []);
  return (
    <dialog ref={box} class="help-box" aria-labelledby="help-title" onClose={() => (help.value = false)}>
      <h2 id="help-title">{words.title}</h2>
      <dl class="keys">{words.keys.map(([key, does]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{does}</dd></div>)}</dl>
      <p class="hint">{words.drag}</p>
      <label class="check"><input type="checkbox" checked={keysOn.value} onChange={(event) => switchKeys(event.currentTarget.checked)} /> {words.on}</label>
      <p class="ways"><button type="button" class="button" autofocus onClick={() => box.current?.close()}>{words.close}</button></p>
    </dialog>
  );
}
