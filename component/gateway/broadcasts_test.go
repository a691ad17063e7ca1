package gateway

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
)

// TestLogInWithManyContacts: what a server sends for each contact of a user who
// comes again leaves room in the lane for an order behind it.
func TestLogInWithManyContacts(t *testing.T) {
	const contacts = 2 * controlLimit
	inBubble(t, func(r *timeless) {
		release := make(chan struct{})
		r.g.enqueueControl(alice, true, step{run: func(context.Context) { <-release }})
		say := func(xml string) { r.g.Handle(mustParse(t, xml), zeroKey) }
		say(available(alice+"/x", domain))
		for _, shown := range []string{presence("unavailable", alice+"/x", "*"), available(alice+"/x", "*"), presence("probe", alice, "*")} {
			for i := range contacts {
				say(strings.Replace(shown, "*", fmt.Sprintf("+1202555%04d@%s", i, domain), 1))
			}
		}
		say(`<message type='chat' id='o' from='` + alice + `/x' to='` + domain + `'><body>status</body></message>`)
		close(release)
		synctest.Wait()
		if all := strings.Join(r.drain(), ""); strings.Count(all, "<body>Connected as") != 1 || strings.Contains(all, "type='error'") {
			t.Errorf("%.2000s", all)
		}
		if len(r.g.broadcasts.last) != 0 || !r.g.people.isOnline(alice) {
			t.Errorf("left behind: %v", r.g.broadcasts.last)
		}
	})
}

// TestBroadcasts: of what says the same one has a place, and the last that was
// shown is what counts.
func TestBroadcasts(t *testing.T) {
	const come, leave, toUs = "come", "leave", "to us"
	b := newBroadcasts()
	s := map[string]string{
		come: available(alice+"/x", phoneJID), leave: presence("unavailable", alice+"/x", phoneJID), toUs: available(alice+"/x", domain),
		"other": available(alice+"/y", phoneJID), "bare": presence("unavailable", alice, phoneJID),
	}
	for i, c := range []struct {
		what string
		want bool
	}{
		{come, true},
		{come, false},
		{"other", true},
		{leave, true},
		{leave, false},
		{come, true},
		{come, false},
		{toUs, true},
		{toUs, true},
		{come, true},
		{"bare", true},
		{"bare", true},
	} {
		if got := b.begins(mustParse(t, s[c.what])); got != c.want {
			t.Errorf("%d, %s: %v", i, c.what, got)
		}
	}
	for _, what := range []string{come, "other", "bare"} {
		b.ends(mustParse(t, s[what]))
	}
	if len(b.last) != 0 {
		t.Errorf("left behind: %v", b.last)
	}
}
