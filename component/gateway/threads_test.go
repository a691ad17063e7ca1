package gateway

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"causeway/bridges"
)

// TestThreadsIn: a text of the network is in the thread of the stanza that began it; in
// none where nobody knows that.
func TestThreadsIn(t *testing.T) {
	for name, c := range map[string]struct {
		message bridges.Message
		want    string
	}{
		"begun by the user":       {bridges.Message{ID: "re", Chat: phone, From: phone, Text: "yes", Thread: "m1"}, "<thread>a1</thread>"},
		"begun by the contact":    {bridges.Message{ID: "re", Chat: phone, From: phone, Text: "yes", Thread: "n0"}, "<thread>N0</thread>"},
		"an answer in it":         {bridges.Message{ID: "re", Chat: phone, From: phone, Text: "yes", Thread: "m1", ReplyTo: "n0"}, "<thread>a1</thread>"},
		"of what never came":      {bridges.Message{ID: "re", Chat: phone, From: phone, Text: "yes", Thread: "m9"}, ""},
		"of another chat":         {bridges.Message{ID: "re", Chat: stranger, From: stranger, Text: "yes", Thread: "m1"}, ""},
		"none":                    {bridges.Message{ID: "re", Chat: phone, From: phone, Text: "yes"}, ""},
		"of the user's elsewhere": {bridges.Message{ID: "re", Chat: phone, From: number, Text: "yes", Thread: "n0"}, "<thread>N0</thread>"},
	} {
		t.Run(name, func(t *testing.T) {
			markerRig(t, func(r *timeless) {
				r.correspond()
				r.give(c.message)
				n0, _, _ := r.store.MessageByID(t.Context(), domain, "n0")
				all := r.bodies()
				want := strings.Replace(c.want, "N0", n0.Stanza, 1)
				if len(all) != 1 || !strings.Contains(all[0], want) || want == "" && strings.Contains(all[0], "<thread") {
					t.Errorf("alice got %q, not %s", all, want)
				}
			})
		})
	}
}

// TestThreadsOut: who writes in a thread of the network's is in it there; those that
// other programs have made up are not.
func TestThreadsOut(t *testing.T) {
	markerRig(t, func(r *timeless) {
		r.correspond()
		r.bridge.OnSend(nil)
		r.handed()
		n0, _, _ := r.store.MessageByID(context.Background(), domain, "n0")
		for i, c := range []struct{ thread, want string }{
			{n0.Stanza, "n0"}, {"a1", "m1"}, {"made-up", ""}, {"", ""},
		} {
			inside := fmt.Sprintf("<body>x%d</body><thread>%s</thread>", i, c.thread)
			r.receive(t, strings.Replace(toContact(phone, inside), "id='h'", fmt.Sprintf("id='t%d'", i), 1))
			synctest.Wait()
			if m := <-r.bridge.Sent(); string(m.Thread) != c.want {
				t.Errorf("%q: the network got %+v", c.thread, m)
			}
		}
	})
}
