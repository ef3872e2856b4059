// Names an element, so that a person finds it again: as short a path as says where it is, never its content.

const NAME_CHARS_MAX = 100;

export function targetName(node: Node | null | undefined): string {
  let name = "";
  for (let at = node; at && at.nodeType !== 9; at = at.parentNode) {
    if (at.nodeType !== 1) continue;
    const element = at as Element;
    const part = element.id ? `#${element.id}` : [element.localName, ...element.classList].join(".");
    if (name.length + part.length >= NAME_CHARS_MAX) break;
    name = name ? `${part}>${name}` : part;
    if (element.id) break;
  }
  return name;
}
