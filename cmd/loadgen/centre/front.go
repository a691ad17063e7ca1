package centre

// Front is a bind at an SMPP server that somebody else wrote. A Centre keeps
// account for it and gives it what it has for the client.
type Front interface {
	// Deliver sends a deliver_sm over this bind and no other. Centre.Answered gets
	// its id when the client has answered; until then it comes again with each
	// Bound, in order. It must not block.
	Deliver(id uint64, d Delivery)
}

// Delivery is what stands in a deliver_sm.
type Delivery struct {
	From, To string
	ESMClass byte
	Message  []byte // with the user data header, if there is one
}

// Submit is what stands in a submit_sm.
type Submit struct {
	From, To                   string
	ESMClass, Registered, Code byte // Code is the data_coding
	Message                    []byte
}

// front makes a taker of a Front.
type front struct{ Front }

func (f front) flush() {}

// deliver takes the body of appendDeliver apart.
func (f front) deliver(id uint64, body []byte) {
	c := cut{rest: body}
	var d Delivery
	c.string()
	c.bytes(2)
	d.From = string(c.string())
	c.bytes(2)
	d.To = string(c.string())
	d.ESMClass = c.bytes(3)[0]
	c.bytes(6) // two empty times, then as in a submit_sm
	d.Message = c.bytes(int(c.bytes(1)[0]))
	f.Deliver(id, d)
}

// Bound says that f is the bind that receives from now on, and sends it what no
// client has answered.
func (c *Centre) Bound(f Front) { c.takes(front{f}) }

// Unbound says that f has ended.
func (c *Centre) Unbound(f Front) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bound == taker(front{f}) {
		c.bound = nil
	}
}

// Submitted enters a text that a Front has taken, under the id that it gave.
func (c *Centre) Submitted(id string, s Submit) {
	t := text{
		source: []byte(s.From), dest: []byte(s.To),
		esmClass: s.ESMClass, registered: s.Registered, coding: s.Code, message: s.Message,
	}
	c.mu.Lock()
	c.book(t, id)
	c.mu.Unlock()
	if t.registered&1 != 0 {
		c.receipt(s.From, s.To, id)
	}
}

// Answered says that the client of a Front has answered a delivery.
func (c *Centre) Answered(id uint64, status uint32) { c.answered(id, status) }
