package component

// adopt starts with what a predecessor wrote and whose settlement is not on
// disk, as survivors gives it.
func (b *outbox) adopt(list []pending) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ledger.replace(list)
	b.adopted = make(map[Key]bool, len(list))
	for _, p := range list {
		e := keyed{key: p.key, end: p.end, taken: p.taken}
		if e.taken {
			e.end = 0
		}
		b.entries = append(b.entries, e)
		b.adopted[p.key] = false
	}
	b.written = len(list)
}

// up begins a connection. On a new one, all that is unsettled goes first, in
// its order and with the same bytes. On an adopted one what is written stays
// written. It returns how many stanzas are written already.
func (b *outbox) up() (written int) {
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
	b.asked = len(b.again)
	b.free()
	b.poke()
	return b.written
}

// down ends a connection: what has no key is gone, the rest waits for the next
// one. It returns the bytes of what was dropped.
func (b *outbox) down() (dropped int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state = linkDown
	dropped = b.queued
	kept, taken := b.entries[:0], 0
	for i, e := range b.entries {
		if e.taken { // they are the first
			taken++
		} else if e.data == nil { // its sender will come with it again
			delete(b.adopted, e.key)
			continue
		}
		if i >= b.written {
			dropped -= len(e.data)
		}
		kept = append(kept, e)
	}
	clear(b.entries[len(kept):])
	b.entries, b.written, b.queue, b.queued = kept, taken, nil, 0
	b.ledger.lose(taken)
	b.free()
	return dropped
}

// close ends all sending. What is noted stays.
func (b *outbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state = linkClosed
	b.free()
}

// unsettled returns how many keyed stanzas wait to be written or settled.
func (b *outbox) unsettled() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.entries)
}
