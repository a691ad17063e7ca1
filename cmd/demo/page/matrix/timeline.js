// What is said in a room, as it is now: events that change earlier ones are
// folded into them (Client-Server API, Relationships between events).

// entries returns the messages and the changes of membership of a room in order,
// as {event, content, edited, reactions}; of a deleted message content is null.
export function entries(events) {
  const known = new Map();
  const all = [];
  for (const e of events) {
    const relation = e.content?.['m.relates_to'];
    if (e.type === 'm.room.redaction') redact(known, e.redacts ?? e.content.redacts);
    else if (e.type === 'm.reaction') react(known, e, relation ?? {});
    else if (relation?.rel_type === 'm.replace') edit(known.get(relation.event_id), e);
    else {
      const entry = { event: e, content: isDeleted(e) ? null : e.content, edited: false, reactions: [] };
      known.set(e.event_id, entry);
      all.push(entry);
    }
  }
  return all;
}

const isDeleted = e => e.type !== 'm.room.member' && !Object.keys(e.content).length;

// edit changes a message; only its author may.
function edit(entry, e) {
  const fresh = e.content['m.new_content'];
  if (!fresh || !entry?.content || entry.event.sender !== e.sender) return;
  entry.content = { ...fresh, 'm.relates_to': entry.content['m.relates_to'] };
  entry.edited = true;
}

function react(known, e, { event_id: of, key }) {
  const reactions = known.get(of)?.reactions;
  if (!key || !reactions || reactions.some(r => r.sender === e.sender && r.key === key)) return;
  const reaction = { id: e.event_id, sender: e.sender, key };
  reactions.push(reaction);
  known.set(e.event_id, { reaction, of: reactions });
}

// redact takes back a message or a reaction.
function redact(known, id) {
  const entry = known.get(id);
  if (entry?.reaction) entry.of.splice(entry.of.indexOf(entry.reaction), 1);
  else if (entry) Object.assign(entry, { content: null, reactions: [] });
}

// answered returns the id of the message that another answers.
export const answered = content => content?.['m.relates_to']?.['m.in_reply_to']?.event_id;
