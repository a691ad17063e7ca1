// A client of Matrix: logs in, follows what happens in its rooms, and asks the
// homeserver to do things (Client-Server API; sections are named by their titles).
const LIMIT = 100; // messages of a room that are shown at the beginning
const RETRY = 2000; // ms
const SHOWN = ['m.room.message', 'm.sticker', 'm.reaction', 'm.room.redaction', 'm.room.member'];

export class Client {
  rooms = new Map(); // by id: what is known of a room
  presence = new Map(); // by user: its content
  #token = '';

  // changed is called after every change of rooms, up with whether the homeserver answers.
  constructor({ changed, up }) { Object.assign(this, { changed, up }); }

  async call(method, path, body) {
    return (await this.#fetch(method, `client/v3/${path}`, 'application/json', body && JSON.stringify(body))).json();
  }

  async #fetch(method, path, type, body) {
    const headers = { 'Content-Type': type };
    if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
    const response = await fetch(`_matrix/${path}`, { method, headers, body });
    if (!response.ok) throw new Error((await response.json()).error || response.statusText);
    return response;
  }

  // Login
  async login(user, password) {
    const answer = await this.call('POST', 'login', {
      type: 'm.login.password', identifier: { type: 'm.id.user', user }, password, initial_device_display_name: 'demo',
    });
    this.me = answer.user_id;
    this.#token = answer.access_token;
  }

  // Syncing: for ever, as long as the page is there.
  async follow() {
    const filter = encodeURIComponent(JSON.stringify({ room: { timeline: { limit: LIMIT } } }));
    for (let since = '', timeout = 0; ;) {
      try {
        const s = await this.call('GET', `sync?filter=${filter}&timeout=${timeout}${since && `&since=${encodeURIComponent(since)}`}`);
        [since, timeout] = [s.next_batch, 30000];
        this.up(true);
        for (const e of s.presence?.events ?? []) this.presence.set(e.sender, e.content);
        this.#take(s.rooms ?? {});
        this.changed();
      } catch {
        this.up(false);
        await new Promise(done => { setTimeout(done, RETRY); });
      }
    }
  }

  #take({ invite = {}, join = {}, leave = {} }) {
    for (const [id, r] of Object.entries(invite)) this.#fill(id, 'invite', r.invite_state.events);
    for (const [id, r] of Object.entries(join)) {
      const room = this.#fill(id, 'join', [...r.state.events, ...r.timeline.events]);
      room.said.push(...r.timeline.events.filter(e => SHOWN.includes(e.type)));
      room.unread ||= r.timeline.events.some(e => e.type === 'm.room.message' && e.sender !== this.me);
      r.ephemeral.events.forEach(e => this.#ephemeral(room, e));
    }
    for (const id of Object.keys(leave)) this.rooms.delete(id);
  }

  // fill takes who is in a room.
  #fill(id, mine, events) {
    if (!this.rooms.has(id)) this.rooms.set(id, { id, people: new Map(), said: [], typing: [], read: new Map() });
    const room = this.rooms.get(id);
    for (const e of events) {
      if (e.type !== 'm.room.member') continue;
      room.people.set(e.state_key, { name: e.content.displayname || e.state_key, is: e.content.membership });
      if (e.state_key === this.me) room.invitedBy = e.sender;
    }
    room.mine = mine;
    return room;
  }

  #ephemeral(room, { type, content }) {
    if (type === 'm.typing') room.typing = content.user_ids.filter(u => u !== this.me);
    if (type !== 'm.receipt') return;
    for (const [event, kinds] of Object.entries(content)) {
      for (const user of Object.keys(kinds['m.read'] ?? {})) room.read.set(user, event);
    }
  }

  // other is the id of whom a room is with.
  other(room) { return [...room.people.keys()].find(u => u !== this.me) ?? room.invitedBy; }

  name(room, user) { return room.people.get(user)?.name ?? user; }

  // begin makes a room of two, and returns its id.
  async begin(user) {
    return (await this.call('POST', 'createRoom', { preset: 'trusted_private_chat', is_direct: true, invite: [user] })).room_id;
  }

  join(room) { return this.call('POST', `rooms/${encodeURIComponent(room)}/join`, {}); }

  leave(room) { return this.call('POST', `rooms/${encodeURIComponent(room)}/leave`, {}); }

  send(room, content, type = 'm.room.message') {
    return this.call('PUT', `rooms/${encodeURIComponent(room)}/send/${type}/${crypto.randomUUID()}`, content);
  }

  redact(room, event) {
    return this.call('PUT', `rooms/${encodeURIComponent(room)}/redact/${encodeURIComponent(event)}/${crypto.randomUUID()}`, {});
  }

  // Content repository
  async upload(file) {
    const answer = await this.#fetch('POST', `media/v3/upload?filename=${encodeURIComponent(file.name)}`, file.type || 'application/octet-stream', file);
    return (await answer.json()).content_uri;
  }

  // download returns an address that only this page knows.
  async download(mxc) {
    const answer = await this.#fetch('GET', `client/v1/media/download/${mxc.slice('mxc://'.length)}`, '');
    return URL.createObjectURL(await answer.blob());
  }

  // typing says so for ten seconds.
  typing(room, typing) {
    return this.call('PUT', `rooms/${encodeURIComponent(room)}/typing/${encodeURIComponent(this.me)}`, { typing, timeout: 10000 });
  }

  // read says that all up to an event was.
  read(room, event) {
    return this.call('POST', `rooms/${encodeURIComponent(room)}/receipt/m.read/${encodeURIComponent(event)}`, {});
  }
}
