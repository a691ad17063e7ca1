package smsc

import (
	"fmt"
	"time"
)

const retryTime = time.Second

// Refused is what a client answered that will not have a message.
type Refused uint32

// Error names the command_status.
func (r Refused) Error() string {
	return fmt.Sprintf("the gateway refused it (command_status 0x%02X)", uint32(r))
}

// Send queues a text from a phone for the client. done is told once when the
// client has answered all its parts: nil, or a Refused. Send does not block.
func (c *Centre) Send(from, to, body string, done func(error)) error {
	coding, parts := encode(body)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue)+len(parts) > maxQueue || len(parts) > 255 {
		return ErrFull
	}
	m := short{from: numbered(from), to: numbered(to), coding: coding}
	told := onLast(len(parts), done)
	if len(parts) > 1 {
		c.lastRef++
		m.esm = esmHeader
	}
	for i, data := range parts {
		m.data = data
		if len(parts) > 1 {
			m.data = append([]byte{5, 0, 3, c.lastRef, byte(len(parts)), byte(i + 1)}, data...)
		}
		c.queue = append(c.queue, &outgoing{m, told})
	}
	c.wake()
	return nil
}

// onLast returns a function that calls done with the first error at its n-th
// call. Calls come from one goroutine.
func onLast(n int, done func(error)) func(error) {
	var first error
	return func(err error) {
		if n--; first == nil {
			first = err
		}
		if n == 0 {
			done(first)
		}
	}
}

// Report queues delivery reports for all parts of a text. done is told as by
// Send; a text that asks for no reports is done at once.
func (c *Centre) Report(t Text, s State, done func(error)) error {
	if len(t.IDs) == 0 {
		done(nil)
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue)+len(t.IDs) > maxQueue {
		return ErrFull
	}
	told := onLast(len(t.IDs), done)
	for _, id := range t.IDs {
		c.queue = append(c.queue, &outgoing{report(t, id, s, time.Now()), told})
	}
	c.wake()
	return nil
}

// report is a delivery report as appendix B writes it, and with the parameters
// that section 4.6.1 allows.
func report(t Text, id string, s State, at time.Time) short {
	stamp, delivered := at.UTC().Format("0601021504"), 0
	if s == Delivered {
		delivered = 1
	}
	text := fmt.Sprintf("id:%s sub:001 dlvrd:%03d submit date:%s done date:%s stat:%s err:%s text:",
		id, delivered, stamp, stamp, s, states[s].code)
	return short{
		from: numbered(t.To), to: numbered(t.From), esm: esmReceipt, data: []byte(text),
		options: map[uint16][]byte{tagReceiptedID: append([]byte(id), 0), tagState: {states[s].number}},
	}
}

// send gives the queue to whoever is bound, one message at a time and each
// until it is answered, so that order is kept whatever happens to sessions.
func (c *Centre) send() {
	for {
		s, o := c.head()
		if o == nil {
			select {
			case <-c.changed:
				continue
			case <-c.closed:
				return
			}
		}
		status, err := s.deliver(o.message)
		if err != nil {
			c.retire(s)
			continue
		}
		if temporary(status) {
			c.pause()
			continue
		}
		c.mu.Lock()
		c.queue = c.queue[1:]
		c.mu.Unlock()
		if status != statusOK {
			o.done(Refused(status))
			continue
		}
		o.done(nil)
	}
}

// head returns the first message and who takes it, or nil.
func (c *Centre) head() (*session, *outgoing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.receiver == nil || len(c.queue) == 0 {
		return nil, nil
	}
	return c.receiver, c.queue[0]
}

func (c *Centre) pause() {
	t := time.NewTimer(retryTime)
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.closed:
	}
}

// temporary tells whether a client that answers so wants the message again.
func temporary(status uint32) bool {
	return status == statusTemporary || status == statusThrottled || status == statusQueueFull
}
