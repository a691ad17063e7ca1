package load

import (
	"bytes"
	"strconv"
	"time"

	"causeway/cmd/loadgen/wire"
)

func (r *runner) handle(raw []byte, h wire.Head) {
	if r.Seen != nil {
		r.Seen(raw, h)
	}
	if string(h.Name) != "message" {
		if string(h.ID) == lastPing {
			r.over = true
		} else if !r.cl.Courtesy(raw, h) {
			r.report.Other++
		}
		return
	}
	if string(h.Type) == "error" {
		r.failed(raw, h)
		return
	}
	if received := wire.Child(raw, "received"); received != nil {
		r.answered(wire.Attr(received, "id"))
		return
	}
	if number, ok := Number(rawBody(raw)); ok {
		r.came(h, number)
		return
	}
	r.report.Other++
}

// came counts a text from the other side: our own, in echo mode, or a new one.
func (r *runner) came(h wire.Head, number uint64) {
	from := bare(h.From)
	if r.Echo {
		r.echoes.Add(from, number)
		r.answered(h.ID)
		return
	}
	v := r.inbound.Add(from, number)
	if r.Inbound != nil {
		r.Inbound(string(from), string(h.ID), number, v)
	}
}

// own returns the text that an id names; those to stuck contacts are none.
func (r *runner) own(id []byte) (int, bool) {
	rest, ok := bytes.CutPrefix(id, append(r.scratch[:0], r.Run...))
	if !ok || len(rest) < 2 || rest[0] != '-' || rest[1] == 's' {
		return 0, false
	}
	n, err := strconv.Atoi(string(rest[1:]))
	return n, err == nil && n < len(r.sent)
}

func (r *runner) answered(id []byte) {
	n, ok := r.own(id)
	if !ok {
		r.report.Other++
		return
	}
	switch r.state[n] {
	case Open:
		r.close(n, Answered, "")
		r.report.Answered++
		r.report.Latency.Add(time.Duration(int64(r.now.Sub(r.began)) - r.sent[n]))
	case Failed:
		r.report.AfterError++
	default:
		r.report.Repeated++
	}
}

func (r *runner) failed(raw []byte, h wire.Head) {
	n, ok := r.own(h.ID)
	if !ok {
		r.report.StuckErrors++
		return
	}
	condition, text := errorOf(raw)
	if r.state[n] != Open {
		r.report.Repeated++
		return
	}
	r.close(n, Failed, condition+": "+text)
	r.report.Failed[condition+": "+text]++
}

func (r *runner) close(n int, o Outcome, text string) {
	r.state[n] = o
	r.last = r.now
	if n >= r.oldest { // it still held its place in the window
		r.underway--
	}
	if r.Outcome != nil {
		r.Outcome(n, o, text)
	}
}

// errorOf returns the condition and the text of an error stanza.
func errorOf(raw []byte) (condition, text string) {
	e := wire.Child(raw, "error")
	if e == nil {
		return "no error element", ""
	}
	text, _ = wire.Text(e, "text")
	for _, tag := range bytes.Split(e, []byte("<"))[2:] {
		name, _, _ := bytes.Cut(tag, []byte(" "))
		if bytes.Contains(tag, []byte("xmpp-stanzas")) && string(name) != "text" {
			return string(name), text
		}
	}
	return "no condition", text
}

// finish fills in what is known at the end only.
func (r *runner) finish() {
	p := r.report
	p.Sent, p.SentStuck = len(r.sent), r.stuck
	p.Took = max(r.last.Sub(r.began), 1)
	if r.last.IsZero() {
		p.Took = time.Since(r.began)
	}
	p.Inbound, p.Echoes = r.inbound.Totals(), r.echoes.Totals()
	for _, s := range r.state {
		if s == Open {
			p.Unanswered++
		}
	}
}
