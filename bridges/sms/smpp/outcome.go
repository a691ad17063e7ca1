package smpp

import "time"

// Progress tells what is known of a message: the Mark of its parts, and
// whether one is under way or of unknown outcome; ok is false when nothing is.
// It does not block.
func (c *Client) Progress(key string) (mark byte, doubt, ok bool) {
	t := c.submits
	t.mu.Lock()
	defer t.mu.Unlock()
	for e := t.at[digestOf(key)]; e != nil; e = e.next {
		if e.state == answered || e.doubtful() {
			mark, ok = e.mark, true
		}
		doubt = doubt || e.doubtful()
	}
	return mark, doubt, ok
}

// Knows tells whether Submit for this part of a message would send nothing,
// since it was sent: certain when its answer is there. It does not block.
func (c *Client) Knows(key string, part byte) (certain, ok bool) {
	t := c.submits
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.find(digestOf(key), part)
	if e == nil {
		return false, false
	}
	return e.state == answered, e.state == answered || e.doubtful()
}

// doubtful tells whether the centre may have the submit, and nobody knows that.
func (e *entry) doubtful() bool { return e.state == open || e.state == lost && !e.told }

// Settled forgets what became of a message, for which Submit is not called
// any more. It does not block.
func (c *Client) Settled(key string) {
	t := c.submits
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.at[digestOf(key)]; e != nil {
		t.forget(e)
	}
}

// Remembers tells whether the note of a predecessor was found. It does not
// block.
func (c *Client) Remembers() bool { return c.note.remembers }

// set gives an entry a state, also in the note. The caller holds mu.
func (t *submits) set(e *entry, s state) {
	e.state = s
	if s == reserved {
		e.slot.Clear()
	} else {
		var space [maxSubmitSize]byte
		e.slot.Set(e.append(space[:0]))
	}
	if s != open && e.over != nil {
		close(e.over)
		e.over = nil
	}
	t.tidy(e)
}

// queued notes a submit that is about to be queued.
func (t *submits) queued(e *entry, stream, end uint64, sequence uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.serial++
	e.serial, e.stream, e.end, e.sequence = t.serial, stream, end, sequence
	t.set(e, open)
}

// responded notes an answer. What may be sent again is as if it never was.
func (t *submits) responded(e *entry, a answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e.status, e.id = a.status, a.id
	switch a.status.Class() {
	case Accept, Permanent:
		t.set(e, answered)
	default:
		t.set(e, reserved)
	}
}

// ended notes that there will be no answer.
func (t *submits) ended(e *entry, s state) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.set(e, s)
}

// release says that the Submit that claimed an entry returns; unknown that it
// tells so.
func (t *submits) release(e *entry, unknown bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e.caller, e.asked = false, time.Now()
	e.told = e.told || unknown
	t.tidy(e)
}

// adopt returns the submits that are under way on a bind of which all before
// an offset is written or will be. What was to be written behind it is as if
// it never was, and what was under way on other binds is lost.
func (t *submits) adopt(stream, to uint64) (under []*entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, first := range t.at {
		for e := first; e != nil; {
			next := e.next
			switch {
			case e.state != open:
			case e.stream != stream:
				t.set(e, lost)
			case e.end > to:
				t.set(e, reserved)
			default:
				under = append(under, e)
			}
			e = next
		}
	}
	return under
}
