package component

// adopt starts with what a predecessor wrote and did not see settled.
func (b *outbox) adopt(pending []Pending) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.adopted = make(map[Key]bool, len(pending))
	entries := make([]keyed, 0, len(pending)+len(b.entries))
	for _, p := range pending {
		entries = append(entries, keyed{key: p.Key, end: p.End})
		b.adopted[p.Key] = false
	}
	b.written = len(pending)
	b.entries = append(entries, b.entries...)
}

// up begins a connection. On a new one, all that is unsettled goes first, in
// its order and with the same bytes. On an adopted one what is written stays
// written.
func (b *outbox) up() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state = linkUp
	for i := b.written; i < len(b.entries); i++ {
		e := &b.entries[i]
		o := b.open()
		o.data = append(o.data, e.data...)
		o.keyed++
		e.end = uint64(len(o.data))
		b.queued += len(e.data)
	}
	b.free()
	b.poke()
}

// down ends a connection: what has no key is gone, the rest waits for the next
// one. It returns the bytes of what was dropped. With final there is no next.
func (b *outbox) down(final bool) (dropped int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state = linkDown
	if final {
		b.state = linkClosed
	}
	dropped = b.queued
	kept := b.entries[:0]
	for i, e := range b.entries {
		if e.data == nil { // its sender will come with it again
			delete(b.adopted, e.key)
			continue
		}
		if i >= b.written {
			dropped -= len(e.data)
		}
		kept = append(kept, e)
	}
	clear(b.entries[len(kept):])
	b.entries, b.written, b.queue, b.queued = kept, 0, nil, 0
	b.free()
	return dropped
}

// unsettled returns how many keyed stanzas wait to be written or settled.
func (b *outbox) unsettled() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.entries)
}
