// Elements of a page.
export function element(name, classes, text) {
  const e = document.createElement(name);
  if (classes) e.className = classes;
  if (text !== undefined) e.textContent = text;
  return e;
}

export function button(text, classes, action) {
  const b = element('button', classes, text);
  b.type = 'button';
  b.addEventListener('click', action);
  return b;
}
