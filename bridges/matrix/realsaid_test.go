package matrix

import (
	"net/http"
	"testing"

	"causeway/cmd/lab"
)

// TestRealSaid: a successor finds what was said in a room in which the two do not talk any
// more, also where the ghost is not any more.
func TestRealSaid(t *testing.T) {
	r := onSynapse(t)
	ghost := userID(r.s.ghost)
	bob := lab.Nio(t, r.Matrix, "bob", "autojoin")
	token, _ := r.login(t, "bob")
	for _, how := range []string{"another room", "encryption", "kick"} {
		id := r.direct(t, token, ghost)
		bob.Send(id, how)
		r.wantText(t, "bob:localhost", how)
		first := send(t, r.s, "bob:localhost", how)
		bob.Wait("a text", isText(how))
		switch how {
		case "another room":
			bob.Send(r.direct(t, token, ghost), "here")
			r.wantText(t, "bob:localhost", "here")
		case "encryption":
			r.ask(t, http.MethodPut, "/rooms/"+id+"/state/m.room.encryption", token, map[string]string{"algorithm": "m.megolm.v1.aes-sha2"}, &struct{}{})
			r.wantText(t, "bob:localhost", turned)
		default:
			r.ask(t, http.MethodPost, "/rooms/"+id+"/"+how, token, map[string]string{"user_id": ghost}, &struct{}{})
		}
		r.settled(t, func(now string) bool { return now != id })
		r.stop()
		r.start(t)
		if again := send(t, r.s, "bob:localhost", how); again != first {
			t.Errorf("%s: %s is said again, as %s", how, first, again)
		}
	}
}
