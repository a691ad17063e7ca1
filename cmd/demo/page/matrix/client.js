// A client of Matrix: logs in, follows what happens in its rooms, and asks the
// homeserver to do things (Client-Server API; sections are named by their titles).
const LIMIT = 100; // messages of a room that are shown at the beginning
const RETRY = 2000; // ms

export class Client {
  rooms = new Map(); // by id: what is known of a room
  #token = '';

  // changed is called after every change of rooms, up with whether the homeserver answers.
  constructor({ changed, up }) { Object.assign(this, { changed, up }); }

  async call(method, path, body) {
    const headers = { 'Content-Type': 'application/json' };
    if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
    const response = await fetch(`_matrix/client/v3/${path}`, { method, headers, body: body && JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error || response.statusText);
    return answer;
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
    const filter = encodeURIComponent(JSON.stringify({ room: { timeline: { limit: LIMIT } }, presence: { types: [] } }));
    for (let since = '', timeout = 0; ;) {
      try {
        const s = await this.call('GET', `sync?filter=${filter}&timeout=${timeout}${since && `&since=${encodeURIComponent(since)}`}`);
        [since, timeout] = [s.next_batch, 30000];
        this.up(true);
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
      room.said.push(...r.timeline.events.filter(e => e.type === 'm.room.message' || e.type === 'm.room.member'));
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

  send(room, body) {
    return this.call('PUT', `rooms/${encodeURIComponent(room)}/send/m.room.message/${crypto.randomUUID()}`, { msgtype: 'm.text', body });
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
