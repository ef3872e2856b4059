// Names an element, so that a person finds it again: as short a path as says where it is, never its content.

const PATH_CHARS_MAX = 100;

export const targetName = (node: Node | null | undefined): string => {
  let path = "";
  for (let at = node as Element | null; at?.nodeType! < 9; at = at!.parentNode as Element | null) {
    if (at!.nodeType > 1) continue;
    const { id, localName, classList } = at!;
    const part = id ? "#" + id : [localName, ...classList].join(".");
    if ((path + part).length >= PATH_CHARS_MAX) break;
    path = path ? part + ">" + path : part;
    if (id) break;
  }
  return path;
};
