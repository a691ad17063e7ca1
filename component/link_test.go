package component

import (
	"errors"
	"testing"
)

func TestBothWays(t *testing.T) {
	r := newRig(t)
	c := r.up()
	c.Send(" <message from='u@example.org/r' to='c@sms.example.org' id='m1' type='chat'><body>hi &amp; bye</body></message>")
	e := r.rec.want("stanza")
	if body, _ := e.s.Body(); body != "hi & bye" || e.key == (Key{}) {
		t.Errorf("got %q with key %v", body, e.key)
	}
	if err := r.Send(t.Context(), message("", "yes"), Key{Cycle: 7}); err != nil {
		t.Fatal(err)
	}
	n := c.Receive("<message from='c@sms.example.org' to='u@example.org' id='$id' type='chat'><body>yes</body></message>")
	if len(n.Attr["id"]) != 36 {
		t.Errorf("id %q is no UUID", n.Attr["id"])
	}
	if e := r.rec.want("settled"); len(e.keys) != 1 || e.keys[0] != (Key{Cycle: 7}) {
		t.Errorf("settled %v", e.keys)
	}
	r.cancel(nil)
	if n := c.Next(); n.Local != "end" {
		t.Errorf("got %s, want the end of the stream", n)
	}
	c.End()
	c.Close()
	if e := r.rec.want("down"); !errors.Is(e.err, errEnded) {
		t.Errorf("down: %v", e.err)
	}
}
