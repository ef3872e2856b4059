// A button that copies a text, and says whether that worked: without a secure context there is no clipboard.

import { useState } from "preact/hooks";

interface CopyButtonProps {
  readonly text: string;
  readonly words: string;
  readonly done: string;
  readonly failed?: string;
  readonly class?: string;
}

export function CopyButton({ text, words, done, failed = "", class: own = "button" }: CopyButtonProps) {
  const [said, setSaid] = useState("");
  return (
    <>
      <button type="button" class={own} onClick={() => void navigator.clipboard.writeText(text).then(() => setSaid(done), () => setSaid(failed))}>{words}</button>{" "}
      <span role="status">{said}</span>
    </>
  );
}
