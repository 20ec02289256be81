// Elements, and a page that changes in place: what is the same stays, with its focus, its selection and its scrolling.

type Child = Node | string | number | null | undefined | false | Child[];
type Props = Record<string, unknown>;

/// h("p", {class: "quiet", onclick: …}, "text", child). Handlers are properties; what is false or null is left out.
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props?: Props | null, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) (element as unknown as Props)[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  add(element, children);
  return element;
}

function add(element: Element, children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) add(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}

const kHandlers = ["onclick", "onsubmit", "onchange", "oninput"] as const;

/// Makes `now` what `next` is, changing as little as it can. An element with `data-own` keeps what is in it: somebody else
/// draws there. Elements are the same where tag and `data-key` are.
function become(now: Element, next: Element): void {
  for (const { name } of [...now.attributes]) if (!next.hasAttribute(name) && !kept(now, name)) now.removeAttribute(name);
  for (const { name, value } of [...next.attributes])
    if (now.getAttribute(name) !== value && !kept(now, name)) now.setAttribute(name, value);
  for (const name of kHandlers) (now as HTMLElement)[name] = (next as HTMLElement)[name] as never;
  if (now instanceof HTMLProgressElement && next instanceof HTMLProgressElement) now.value = next.value;
  if (!now.hasAttribute("data-own")) fill(now, [...next.childNodes]);
}

/// A person opens and closes it, not we.
function kept(element: Element, name: string): boolean {
  return element instanceof HTMLDetailsElement && name === "open";
}

function key(node: Node): string {
  return node instanceof Element ? `${node.tagName} ${node.getAttribute("data-key") ?? ""}` : node.nodeName;
}

/// The children of `parent` become `wanted`.
export function fill(parent: Element, wanted: Node[]): void {
  let at: Node | null = parent.firstChild;
  for (const next of wanted) {
    let found: Node | null = at;
    while (found && key(found) !== key(next)) found = found.nextSibling;
    if (!found) {
      parent.insertBefore(next, at);
      continue;
    }
    while (at && at !== found) {
      const gone: Node = at;
      at = at.nextSibling;
      parent.removeChild(gone);
    }
    if (found instanceof Element) become(found, next as Element);
    else if (found.nodeValue !== next.nodeValue) found.nodeValue = next.nodeValue;
    at = found.nextSibling;
  }
  while (at) {
    const gone: Node = at;
    at = at.nextSibling;
    parent.removeChild(gone);
  }
}

export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element ${id}`);
  return element;
}
