// Formatted texts, of which only what is harmless is shown (Client-Server API,
// m.room.message msgtypes: the allowed subset of HTML).
const ALLOWED = new Set(['B', 'STRONG', 'I', 'EM', 'DEL', 'S', 'U', 'CODE', 'PRE', 'BLOCKQUOTE', 'P', 'BR', 'UL', 'OL', 'LI', 'SPAN', 'DIV']);
const HIDDEN = new Set(['MX-REPLY', 'SCRIPT', 'STYLE', 'TEMPLATE', 'TITLE']);

// formatted returns nodes for a source; nothing of it is loaded or run.
export function formatted(source) {
  const from = new DOMParser().parseFromString(source, 'text/html').body;
  const to = document.createDocumentFragment();
  copy(from, to);
  return to;
}

function copy(from, to) {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) to.append(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE || HIDDEN.has(node.tagName)) continue;
    const inner = ALLOWED.has(node.tagName) ? to.appendChild(document.createElement(node.tagName)) : to;
    copy(node, inner);
  }
}
