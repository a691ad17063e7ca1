// How one message looks, and what can be done with it.
import { button, element } from './element.js';
import { formatted } from './html.js';
import { answered } from './timeline.js';

const WORDS = { invite: 'is invited', join: 'is here', leave: 'has left', ban: 'is banned' };
const HEART = '❤';
const files = new Map(); // by mxc: a promise of the address of a blob

// note tells of who comes and goes.
export function note({ content: { displayname, membership, reason }, state_key: who }) {
  return element('li', 'note', `${displayname || who} ${WORDS[membership] ?? membership}${reason ? `: ${reason}` : ''}`);
}

// message shows an entry of a room. acts has what a click does: react, unreact, reply,
// edit and remove.
export function message(client, room, entry, all, acts) {
  const { event, content } = entry;
  const mine = event.sender === client.me;
  const item = element('li', mine ? 'message sent' : 'message received');
  item.dataset.id = event.event_id;
  const bubble = element('div', 'bubble');
  const quoted = all.find(x => x.event.event_id === answered(content));
  if (quoted) bubble.append(element('blockquote', 'quoted', quoted.content?.body ?? '(deleted)'));
  bubble.append(...said(client, client.name(room, event.sender), content));
  item.append(bubble);
  if (entry.reactions.length) item.append(reactions(client, entry, acts));
  item.append(meta(client, room, entry, mine));
  if (content) item.append(menu(entry, mine, acts));
  return item;
}

function said(client, name, content) {
  if (!content) return [element('i', '', '(deleted)')];
  if (content.url) return [file(client, content)];
  const text = content.format === 'org.matrix.custom.html' ? formatted(content.formatted_body) : content.body ?? '';
  return content.msgtype === 'm.emote' ? [`* ${name} `, text] : [text];
}

function meta(client, room, { event, edited }, mine) {
  const time = new Date(event.origin_server_ts).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const read = mine && [...room.read].some(([user, id]) => user !== client.me && id === event.event_id);
  return element('div', 'meta', [time, mine ? '' : client.name(room, event.sender), edited && 'edited', read && '✓ read'].filter(Boolean).join(' · '));
}

function reactions(client, entry, acts) {
  const list = element('div', 'reactions');
  for (const key of new Set(entry.reactions.map(r => r.key))) {
    const same = entry.reactions.filter(r => r.key === key);
    const own = same.find(r => r.sender === client.me);
    const b = button(same.length > 1 ? `${key} ${same.length}` : key, 'reaction', () => own ? acts.unreact(own) : acts.react(entry, key));
    b.setAttribute('aria-pressed', String(!!own));
    list.append(b);
  }
  return list;
}

function menu(entry, mine, acts) {
  const bar = element('div', 'menu');
  bar.append(button(HEART, 'react', () => acts.react(entry, HEART)), button('Reply', 'reply', () => acts.reply(entry)));
  if (mine && !entry.content.url) bar.append(button('Edit', 'edit', () => acts.edit(entry)));
  if (mine) bar.append(button('Delete', 'delete', () => acts.remove(entry)));
  return bar;
}

// file shows a picture or a sound, and a link to anything else, once it is here.
function file(client, content) {
  const kind = { 'm.image': 'img', 'm.audio': 'audio', 'm.video': 'video' }[content.msgtype] ?? 'a';
  const shown = element(kind, 'file', kind === 'a' ? content.filename ?? content.body : undefined);
  if (kind === 'img') shown.alt = content.filename ?? content.body;
  if (kind === 'a') shown.download = content.filename ?? content.body;
  if (kind === 'audio' || kind === 'video') shown.controls = true;
  if (!files.has(content.url)) files.set(content.url, client.download(content.url));
  files.get(content.url).then(address => { shown[kind === 'a' ? 'href' : 'src'] = address; }, () => { shown.title = 'It cannot be fetched.'; });
  const box = element('div');
  box.append(shown);
  if (content.filename && content.body !== content.filename) box.append(element('div', '', content.body));
  return box;
}
