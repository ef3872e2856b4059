// A place whose content is made, and fetched, when somebody scrolls to it.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

export function WhenSeen({ class: own, children }: { class: string; children: () => ComponentChildren }) {
  const place = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (place.current === null || seen) return;
    const observer = new IntersectionObserver((entries) => setSeen(entries.some((entry) => entry.isIntersecting)), { rootMargin: "200px" });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [seen]);
  return <div ref={place} class={own}>{seen && children()}</div>;
}
