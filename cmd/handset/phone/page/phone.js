// The phone's page: shows what the server tells, and asks it to do things.
const $ = id => document.getElementById(id);
const shown = new Map(); // message id -> list item
const timers = new Map(); // message id -> timer of the automatic confirmation
const CONFIRM_AFTER = 1200; // ms that a text is on the screen before it counts as delivered
let confirming = false;
let toTouched = false;

async function ask(method, path, body) {
  const response = await fetch(path, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error((await response.text()).trim());
  fail('');
  return response.json();
}

function fail(text) {
  $('failure').textContent = text;
  $('failure').hidden = !text;
}

const report = (id, state) => ask('POST', `api/messages/${id}/report`, { state }).catch(e => fail(e.message));

function element(name, classes, text) {
  const e = document.createElement(name);
  if (classes) e.className = classes;
  if (text !== undefined) e.textContent = text;
  return e;
}

function button(text, classes, label, action) {
  const b = element('button', classes, text);
  b.type = 'button';
  b.setAttribute('aria-label', label);
  b.addEventListener('click', action);
  return b;
}

const WORDS = {
  confirmed: m => m.report === 'DELIVRD' ? ['good', '✓ delivery confirmed'] : ['bad', 'reported as not delivered'],
  unasked: () => ['', 'no report asked for'],
  waiting: () => ['', 'delivery not confirmed yet'],
  sending: () => ['', 'sending…'],
  accepted: () => ['good', '✓ the gateway has it'],
  failed: m => ['bad', 'not sent: ' + m.note],
};

function meta(m) {
  const line = element('div', 'meta');
  const time = element('time', '', new Date(m.at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }));
  time.dateTime = m.at;
  line.append(time);
  if (m.kind === 'received') line.append(element('span', '', 'from ' + m.from));
  if (m.parts > 1) line.append(element('span', '', `${m.parts} parts`));
  const [classes, words] = WORDS[m.stage](m);
  line.append(element('span', 'stage ' + classes, words));
  if (m.kind === 'received' && m.stage === 'waiting') {
    const what = m.text.slice(0, 30);
    line.append(button('Confirm delivery', 'confirm', `Confirm delivery of: ${what}`, () => report(m.id, 'DELIVRD')));
    line.append(button('Refuse', 'plain', `Report as not delivered: ${what}`, () => report(m.id, 'UNDELIV')));
  }
  return line;
}

function lost(m) {
  return element('span', '', `A text to ${m.to} could not be delivered: no phone has that number. The network reports so.`);
}

function show(m) {
  const list = $('messages');
  const old = shown.get(m.id);
  const item = element('li', 'message ' + m.kind);
  item.dataset.id = m.id;
  item.dataset.stage = m.stage;
  if (m.kind === 'lost') item.append(lost(m));
  else item.append(element('div', 'bubble', m.text), meta(m));
  if (old) {
    const focused = old.contains(document.activeElement);
    old.replaceWith(item);
    if (focused) (item.querySelector('button') || list).focus();
  } else {
    list.append(item);
    item.scrollIntoView({ block: 'end' });
  }
  shown.set(m.id, item);
  if (m.kind === 'received' && !toTouched) $('to').value = m.from;
  schedule(m);
}

// schedule confirms a text that has been on the screen for a moment.
function schedule(m) {
  clearTimeout(timers.get(m.id));
  timers.delete(m.id);
  if (!confirming || m.kind !== 'received' || m.stage !== 'waiting') return;
  timers.set(m.id, setTimeout(() => report(m.id, 'DELIVRD'), CONFIRM_AFTER));
}

function state(s) {
  $('number').textContent = s.number;
  $('link').textContent = s.bound ? 'gateway connected' : 'waiting for the gateway';
  $('link').classList.toggle('up', s.bound);
  $('confirm').checked = confirming = s.confirm;
  if (!toTouched && !$('to').value) $('to').value = s.peer;
  const ids = new Set(s.messages.map(m => m.id));
  for (const [id, item] of shown) if (!ids.has(id)) { item.remove(); shown.delete(id); }
  s.messages.forEach(show);
}

function send(event) {
  event.preventDefault();
  const text = $('text').value.trim();
  if (!text) return;
  ask('POST', 'api/messages', { to: $('to').value.trim(), text })
    .then(() => { $('text').value = ''; })
    .catch(e => fail(e.message))
    .finally(() => $('text').focus());
}

$('compose').addEventListener('submit', send);
$('to').addEventListener('input', () => { toTouched = true; });
$('text').addEventListener('keydown', e => {
  if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); $('compose').requestSubmit(); }
});
$('confirm').addEventListener('change', () =>
  ask('PUT', 'api/settings', { confirm: $('confirm').checked }).catch(e => fail(e.message)));

const events = new EventSource('api/events');
events.addEventListener('state', e => state(JSON.parse(e.data)));
events.addEventListener('message', e => show(JSON.parse(e.data)));
events.addEventListener('error', () => {
  $('link').textContent = 'no connection to the handset';
  $('link').classList.remove('up');
});
document.documentElement.dataset.ready = 'true';
