// Package thread implements XEP-0201 (1.0): Best Practices for Message Threads, the
// part that gateways need: which thread a message is in.
package thread

import "causeway/component/stanza"

// maxID bounds the id of a thread in bytes: none of ours is longer.
const maxID = 256

// Find returns the id of the thread that a message is in; ok is false when it is in
// none, or in one that cannot be ours.
func Find(s *stanza.Stanza) (id string, ok bool) {
	e, _ := s.Child("", "thread")
	id = e.Text()
	return id, id != "" && len(id) <= maxID
}

// Append writes which thread a message is in; "": in none.
func Append(w *stanza.Writer, id string) {
	if id != "" {
		w.Leaf("thread", "", id)
	}
}
