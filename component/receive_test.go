package component

import (
	"fmt"
	"strings"
	"testing"

	"causeway/component/stanza"
)

// from is a stanza of a user's to a contact.
func from(kind, attrs, inside string) string {
	return "<" + kind + " from='u@example.org/r' to='c@" + testDomain + "'" + attrs + ">" + inside + "</" + kind + ">"
}

// refusedWith is the pattern of an error in answer to such a stanza.
func refusedWith(kind, id, typ, condition string) string {
	return "<" + kind + " from='c@" + testDomain + "' to='u@example.org/r' type='error'" + id + "><error type='" + typ + "'>" +
		"<" + condition + " xmlns='" + stanza.NSError + "'/><any/></error></" + kind + ">"
}

const (
	etherx = "http://etherx.jabber.org/streams"
	empty  = "<a xmlns='urn:a'/>"
)

// ejabberd's global_routes sends a link what is another domain's: only the
// administrator can help, and is told once.
func TestForeignIsTold(t *testing.T) {
	r := newRig(t)
	s := r.up()
	foreign := "<message from='u@example.org' to='c@other.example.org'><body/></message>"
	s.Send(foreign + foreign + chat("next"))
	r.hears("next")
	r.logged("global_routes: false", "other.example.org")
	for len(r.logs) > 0 {
		if line := <-r.logs; strings.Contains(line, "global_routes") {
			t.Error("told twice")
		}
	}
}

// The order of a sender is kept (6120.12).
func TestOrder(t *testing.T) {
	r := newRig(t)
	s := r.up()
	var in strings.Builder
	for i := range 3000 {
		in.WriteString(chat(fmt.Sprint(i)))
	}
	s.Send(in.String())
	for i := range 3000 {
		r.hears(fmt.Sprint(i))
	}
}
