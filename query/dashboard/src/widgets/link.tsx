// A link within the app: a real address, followed without loading the page anew.

import type { ComponentChildren } from "preact";
import { goTo } from "../address/navigate.ts";

interface LinkProps {
  readonly href: string;
  readonly class?: string;
  readonly title?: string | undefined;
  readonly "aria-current"?: "true" | "page" | undefined;
  /** Where the focus goes when the panel around it opens. */
  readonly autofocus?: boolean;
  readonly onPointerEnter?: () => void;
  readonly children?: ComponentChildren;
}

export function Link({ href, autofocus = false, children, ...rest }: LinkProps) {
  function onClick(event: MouseEvent): void {
    // Another button or a modifier means another tab: the browser's own affair.
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goTo(href);
  }
  return (
    <a {...rest} data-autofocus={autofocus || undefined} href={href} onClick={onClick}>
      {children}
    </a>
  );
}
