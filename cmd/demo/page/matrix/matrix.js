// The page of a Matrix client: shows the rooms of one person, and one of them open.
import { Client } from './client.js';

const $ = id => document.getElementById(id);
const TYPING = 5000; // ms between two words to the homeserver that somebody types
const { people, password, ghost } = await (await fetch('settings.json')).json();
const me = people.find(p => `#${p.user}` === location.hash) ?? people[0];
let open = ''; // the id of the room that is shown
let typed = 0; // when the homeserver last heard that we type

function element(name, classes, text) {
  const e = document.createElement(name);
  if (classes) e.className = classes;
  if (text !== undefined) e.textContent = text;
  return e;
}

function button(text, classes, action) {
  const b = element('button', classes, text);
  b.type = 'button';
  b.addEventListener('click', action);
  return b;
}

function fail(text) {
  $('failure').textContent = text;
  $('failure').hidden = !text;
}

// attempt does something, and says when that fails.
const attempt = async action => {
  try { await action(); fail(''); } catch (e) { fail(e.message); }
};

const client = new Client({
  changed: show,
  up(is) {
    $('link').textContent = is ? 'connected' : 'no connection';
    $('link').classList.toggle('up', is);
  },
});

function show() {
  if (client.rooms.get(open)?.mine !== 'join') open = [...client.rooms.values()].find(r => r.mine === 'join')?.id ?? '';
  markRead(); // before the list, which shows what is unread
  showRooms();
  showRoom(client.rooms.get(open));
}

// markRead tells that the open room was read, if it can be seen.
function markRead() {
  const room = client.rooms.get(open);
  if (!room?.unread || !document.body.getClientRects().length) return;
  room.unread = false;
  const last = room.said.findLast(e => e.sender !== client.me);
  client.read(room.id, last.event_id).catch(() => { room.unread = true; });
}

function showRooms() {
  const focused = document.activeElement?.dataset.focus;
  $('rooms').replaceChildren(...[...client.rooms.values()].map(room => {
    const item = element('li');
    item.append(...(room.mine === 'invite' ? invitation(room) : entry(room)));
    return item;
  }));
  if (focused) document.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
}

function entry(room) {
  const other = client.other(room);
  const b = button(other ? client.name(room, other) : 'nobody', 'room', () => choose(room.id));
  b.append(element('small', '', other));
  b.dataset.focus = room.id;
  if (room.id === open) b.setAttribute('aria-current', 'true');
  return room.unread ? [b, element('span', 'unread')] : [b];
}

function invitation(room) {
  const words = element('span', 'room', client.name(room, room.invitedBy));
  words.append(element('small', '', 'invites you to a chat'));
  return [
    words,
    button('Accept', 'answer accept', () => attempt(async () => { await client.join(room.id); open = room.id; })),
    button('Decline', 'answer plain', () => attempt(() => client.leave(room.id))),
  ];
}

function choose(room) {
  open = room;
  show();
  $('text').focus();
}

const WORDS = { invite: 'is invited', join: 'is here', leave: 'has left', ban: 'is banned' };

function showRoom(room) {
  $('empty').textContent = room ? 'Nothing is said here yet.' : 'No chats yet.';
  for (const e of $('compose').elements) e.disabled = !room;
  $('typing').textContent = room?.typing.length ? `${room.typing.map(u => client.name(room, u)).join(', ')} is typing…` : '';
  const list = $('messages');
  const follows = list.dataset.room !== room?.id || list.scrollTop + list.clientHeight > list.scrollHeight - 40;
  list.dataset.room = room?.id;
  list.replaceChildren(...(room?.said ?? []).map(e => e.type === 'm.room.member' ? note(e) : message(room, e)));
  if (follows) list.scrollTop = list.scrollHeight; // else somebody reads what is older
}

function note(e) {
  const { displayname, membership, reason } = e.content;
  return element('li', 'note', `${displayname || e.state_key} ${WORDS[membership] ?? membership}${reason ? `: ${reason}` : ''}`);
}

function message(room, e) {
  const item = element('li', e.sender === client.me ? 'message sent' : 'message received');
  const time = new Date(e.origin_server_ts).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const name = client.name(room, e.sender);
  const read = e.sender === client.me && [...room.read].some(([user, event]) => user !== client.me && event === e.event_id);
  const body = e.content.body ?? '(deleted)';
  item.append(
    element('div', 'bubble', e.content.msgtype === 'm.emote' ? `* ${name} ${body}` : body),
    element('div', 'meta', [time, e.sender === client.me ? '' : name, read ? '✓ read' : ''].filter(Boolean).join(' · ')),
  );
  return item;
}

// tellTyping tells that we type while there is text in the field.
function tellTyping() {
  const now = $('text').value ? Date.now() : 0;
  if (now && now - typed < TYPING) return;
  typed = now;
  client.typing(open, now > 0).catch(() => {}); // nobody misses it
}

$('begin').addEventListener('submit', event => {
  event.preventDefault();
  attempt(async () => { open = await client.begin($('whom').value.trim()); });
});
$('compose').addEventListener('submit', event => {
  event.preventDefault();
  const text = $('text').value.trim();
  if (!text) return;
  attempt(async () => {
    await client.send(open, text);
    $('text').value = '';
    tellTyping();
  }).finally(() => $('text').focus());
});
$('text').addEventListener('keydown', e => {
  if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); $('compose').requestSubmit(); }
});
$('text').addEventListener('input', tellTyping);
addEventListener('hashchange', () => location.reload());
new ResizeObserver(() => show()).observe(document.body); // it comes to be seen

$('whom').value = ghost;
$('people').append(...people.map(p => {
  const a = element('a', '', p.name);
  a.href = `#${p.user}`;
  if (p === me) a.setAttribute('aria-current', 'true');
  return a;
}));
await attempt(() => client.login(me.user, password));
client.follow();
