// What is to be seen in the frames of the demo's page.
window.eyes = (() => {
  const last = new Map();
  const frame = name => document.getElementById(name);
  const box = e => e.getBoundingClientRect();
  const visible = e => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && box(e).width > 0;
  const all = (name, css, text) => [...(frame(name).contentDocument?.querySelectorAll(css) ?? [])]
    .filter(e => visible(e) && e.innerText.includes(text));
  const find = (name, css, text) => all(name, css, text).at(-1);
  // point returns where to click, as soon as the element rests there and
  // nothing covers it.
  const point = (name, css, text) => {
    const e = find(name, css, text);
    if (!e) return null;
    e.scrollIntoView({ block: 'nearest' });
    const { x, y, width, height } = box(e);
    const [px, py] = [x + width / 2, y + height / 2];
    const key = [name, css, text].join(), was = last.get(key);
    last.set(key, `${px} ${py}`);
    const hit = e.ownerDocument.elementFromPoint(px, py);
    if (was !== `${px} ${py}` || !e.contains(hit)) return null;
    last.delete(key);
    const f = box(frame(name));
    return [f.x + frame(name).clientLeft + px, f.y + frame(name).clientTop + py];
  };
  const under = (...what) => find(...what)?.matches(':hover') ?? false;
  // aim is a point for a click that counts only if its press and its release
  // meet the element: what the page has put there in between gets none of it.
  // met tells whether it did.
  let aimed;
  const guard = e => {
    if (!aimed) return;
    if (find(...aimed)?.contains(e.target)) {
      if (e.type === 'click') aimed = undefined;
    } else {
      e.preventDefault();
      e.stopImmediatePropagation();
    }
  };
  const aim = (name, ...what) => {
    const at = point(name, ...what);
    if (!at) return null;
    aimed = [name, ...what];
    for (const type of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click']) {
      frame(name).contentWindow.addEventListener(type, guard, true);
    }
    return at;
  };
  const met = () => {
    const missed = aimed;
    aimed = undefined;
    return !missed;
  };
  // area returns where an element is, as soon as it rests there and nothing
  // fades in or out.
  const area = (name, css) => {
    const e = find(name, css, '');
    if (!e || e.ownerDocument.getAnimations().some(a => a.transitionProperty)) return null;
    e.scrollIntoView({ block: 'nearest' });
    const { x, y, width, height } = box(e), f = box(frame(name));
    const key = [name, css].join(), now = [x, y, width, height].join(), was = last.get(key);
    last.set(key, now);
    return was === now ? [f.x + frame(name).clientLeft + x, f.y + frame(name).clientTop + y, width, height] : null;
  };
  const text = () => [...document.querySelectorAll('iframe')]
    .map(f => `${f.id}:\n${f.contentDocument?.body?.innerText}`).join('\n');
  return { all, find, point, under, aim, met, area, text };
})();
