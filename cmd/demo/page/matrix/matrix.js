// The page of a Matrix client: shows the rooms of one person, and one of them open.
import { Client } from './client.js';
import { button, element } from './element.js';
import { message, note } from './message.js';
import { entries } from './timeline.js';

const $ = id => document.getElementById(id);
const TYPING = 5000; // ms between two words to the homeserver that somebody types
const { people, password, ghost } = await (await fetch('settings.json')).json();
const me = people.find(p => `#${p.user}` === location.hash) ?? people[0];
let open = ''; // the id of the room that is shown
let typed = 0; // when the homeserver last heard that we type
let about = {}; // what the field is for: an edit or a reply of an entry, or nothing of both

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
  b.prepend(element('span', `presence ${client.presence.get(other)?.presence ?? 'unknown'}`));
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
  writes({});
}

function showRoom(room) {
  $('empty').textContent = room ? 'Nothing is said here yet.' : 'No chats yet.';
  for (const e of $('compose').elements) e.disabled = !room;
  $('typing').textContent = room?.typing.length ? `${room.typing.map(u => client.name(room, u)).join(', ')} is typing…` : '';
  const list = $('messages');
  const follows = list.dataset.room !== room?.id || list.scrollTop + list.clientHeight > list.scrollHeight - 40;
  list.dataset.room = room?.id;
  const all = entries(room?.said ?? []);
  list.replaceChildren(...all.map(x => x.event.type === 'm.room.member' ? note(x.event) : message(client, room, x, all, acts)));
  if (follows) list.scrollTop = list.scrollHeight; // else somebody reads what is older
}

// writes has the field be for something else.
function writes(what) {
  about = what;
  const { edit, reply } = what;
  $('about').hidden = !edit && !reply;
  $('what').textContent = edit ? 'Edit' : `Reply to: ${reply?.content.body ?? ''}`;
  $('text').value = edit?.content.body ?? '';
  $('text').focus();
}

const acts = {
  react: (x, key) => attempt(() => client.send(open, { 'm.relates_to': { rel_type: 'm.annotation', event_id: x.event.event_id, key } }, 'm.reaction')),
  unreact: reaction => attempt(() => client.redact(open, reaction.id)),
  reply: x => writes({ reply: x }),
  edit: x => writes({ edit: x }),
  remove: x => attempt(() => client.redact(open, x.event.event_id)),
};

// written is the content for a text, with what it is about.
function written(body, { edit, reply }) {
  const text = { msgtype: 'm.text', body };
  if (edit) return { ...text, body: `* ${body}`, 'm.new_content': text, 'm.relates_to': { rel_type: 'm.replace', event_id: edit.event.event_id } };
  return reply ? { ...text, 'm.relates_to': { 'm.in_reply_to': { event_id: reply.event.event_id } } } : text;
}

async function sendFile(file) {
  const msgtype = { image: 'm.image', audio: 'm.audio', video: 'm.video' }[file.type.split('/')[0]] ?? 'm.file';
  const url = await client.upload(file);
  await client.send(open, { msgtype, body: file.name, filename: file.name, url, info: { mimetype: file.type, size: file.size } });
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
    await client.send(open, written(text, about));
    writes({});
    tellTyping();
  }).finally(() => $('text').focus());
});
$('text').addEventListener('keydown', e => {
  if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); $('compose').requestSubmit(); }
});
$('text').addEventListener('input', tellTyping);
$('forget').addEventListener('click', () => writes({}));
$('file').addEventListener('change', () => attempt(async () => {
  for (const file of $('file').files) await sendFile(file);
  $('file').value = '';
}));
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
