package sqlite

import (
	"causeway/bridges"
	"causeway/mapping"
)

// topic is what a read is about.
type topic int

const (
	journalTopic topic = iota
	peopleTopic
	messageTopic
	bookTopic // sent, once, quarantine, switches
	noteTopic
	topics
)

// messageName names a row of messages.
type messageName struct {
	bridge string
	id     bridges.MessageID
}

// pending counts what is behind by topic, so that a read writes it first only
// when it would miss something. Message ids are looked up all the time, so
// they are counted one by one.
type pending struct {
	topics   [topics]int
	messages map[messageName]int
}

func newPending() pending { return pending{messages: map[messageName]int{}} }

// add counts a batch in (1) or out (-1).
func (p *pending) add(b *mapping.Batch, n int) {
	if len(b.Cycles)+len(b.Settle)+len(b.Park)+len(b.DeleteAccounts) > 0 {
		p.topics[journalTopic] += n
	}
	if len(b.PutAccounts)+len(b.DeleteAccounts)+len(b.PutContacts)+len(b.DeleteContacts) > 0 {
		p.topics[peopleTopic] += n
	}
	if len(b.PutMessages)+len(b.DeleteAccounts) > 0 {
		p.topics[messageTopic] += n
	}
	if len(b.PutSent)+len(b.PutOnce)+len(b.DeleteOnce)+len(b.Quarantine)+len(b.PutSwitch) > 0 {
		p.topics[bookTopic] += n
	}
	if len(b.PutNotes) > 0 {
		p.topics[noteTopic] += n
	}
	for i := range b.PutMessages {
		name := messageName{b.PutMessages[i].Bridge, b.PutMessages[i].ID}
		if p.messages[name] += n; p.messages[name] == 0 {
			delete(p.messages, name)
		}
	}
}

// behind tells whether something about a topic is behind.
func (q *queue) behind(t topic) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.pending.topics[t] > 0
}

// behindMessage tells whether something about a message is behind.
func (q *queue) behindMessage(name messageName) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.pending.messages[name] > 0 || q.pending.topics[peopleTopic] > 0
}

// weigh returns about how many bytes a batch takes.
func weigh(b *mapping.Batch) int {
	const row = 100
	n := row * (len(b.PutAccounts) + len(b.DeleteAccounts) + len(b.PutContacts) + len(b.DeleteContacts) +
		2*len(b.PutMessages) + len(b.PutSent) + len(b.PutOnce) + len(b.DeleteOnce) + len(b.PutSwitch) +
		len(b.PutNotes))
	n += weighTexts(b)
	n += 32 * len(b.Settle)
	for _, c := range b.Cycles {
		n += row
		for _, r := range c.Records {
			n += 8 + len(r.Data)
		}
	}
	for i := range b.Park {
		n += 2*row + len(b.Park[i].Record.Data)
	}
	for i := range b.Quarantine {
		n += row + len(b.Quarantine[i].Record.Data)
	}
	return n
}

// weighTexts returns the bytes of those texts in rows that may be long.
func weighTexts(b *mapping.Batch) (n int) {
	for i := range b.PutAccounts {
		for name, value := range b.PutAccounts[i].Settings {
			n += len(name) + len(value)
		}
	}
	for i := range b.PutContacts {
		n += len(b.PutContacts[i].Name) + len(b.PutContacts[i].Placed)
	}
	for i := range b.PutSwitch {
		n += len(b.PutSwitch[i].Value)
	}
	for i := range b.PutNotes {
		n += len(b.PutNotes[i].Key) + len(b.PutNotes[i].Value)
	}
	return n
}
