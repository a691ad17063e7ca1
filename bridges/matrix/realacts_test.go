package matrix

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

// Act implements bridgetest.Acting.
func (p *person) Act(t *testing.T, to bridges.UserID, a bridgetest.Act) {
	t.Helper()
	p.mu.Lock()
	room := p.room[userID(to)]
	p.mu.Unlock()
	if room == "" {
		return // who has left sees nothing
	}
	do := func(what string, more map[string]any) {
		t.Helper()
		more["do"], more["room"] = what, room
		p.Do(more)
	}
	switch a.Takes {
	case bridges.CanDisplayed, bridges.CanReceipts:
		do("read", map[string]any{"id": p.find(t, a.Of)})
	case bridges.CanTyping:
		do("typing", map[string]any{"on": !a.Ends})
	case bridges.CanPresence:
		do("presence", map[string]any{"is": presenceIn(a), "status": a.Text})
	case bridges.CanPictures:
		do("avatar", map[string]any{"file": p.picture, "type": "image/png"})
	case bridges.CanFiles:
		kind, content := doing(a, "", p.upload(t, a.Text))
		do("send_raw", map[string]any{"type": kind, "content": content})
	default:
		p.changes(t, a, do)
	}
}

// changes is an Act that is an event of the room.
func (p *person) changes(t *testing.T, a bridgetest.Act, do func(what string, more map[string]any)) {
	t.Helper()
	of := p.find(t, a.Of)
	var id string
	is := a.Takes == bridges.CanRetractions || a.Ends
	p.until(t, a.Text, func() bool { id, is = p.read.redacted(a, of); return !is || id != "" })
	if is {
		do("redact", map[string]any{"id": id})
		return
	}
	kind, content := doing(a, of, "")
	do("send_raw", map[string]any{"type": kind, "content": content})
}

// find returns the event of a text when the homeserver has shown it.
func (p *person) find(t *testing.T, text string) (id string) {
	t.Helper()
	p.until(t, text, func() bool { id = p.read.find(text); return id != "" })
	return id
}

// upload gives the homeserver a file, as anybody there may.
func (p *person) upload(t *testing.T, data string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.home.URL+"/_matrix/media/v3/upload", strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	var up struct {
		URI string `json:"content_uri"`
	}
	if err := json.NewDecoder(a.Body).Decode(&up); err != nil || up.URI == "" {
		t.Fatal("the file is not taken: ", a.Status, err)
	}
	return up.URI
}

// until waits until what the homeserver has shown is enough.
func (p *person) until(t *testing.T, what string, enough func() bool) {
	t.Helper()
	end := time.Now().Add(patience)
	for {
		p.mu.Lock()
		ok := enough()
		p.mu.Unlock()
		switch {
		case ok:
			return
		case time.Now().After(end):
			t.Fatalf("the homeserver does not show %q", what)
		}
		wait(t)
	}
}
