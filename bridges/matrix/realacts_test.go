package matrix

import (
	"context"
	"encoding/json"
	"io"
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
	case bridges.CanStyling, bridges.CanFiles:
		file := ""
		if a.Takes == bridges.CanFiles {
			file = p.upload(t, a.Text)
		}
		kind, content := doing(a, "", file)
		do("send_raw", map[string]any{"type": kind, "content": content})
	default:
		p.changes(t, a, do)
	}
}

// Ask implements bridgetest.Asking: an invitation to another room asks again.
func (p *person) Ask(_ *testing.T, to bridges.UserID) { p.CreateDM(userID(to)) }

// changes is an Act that is an event of the room.
func (p *person) changes(t *testing.T, a bridgetest.Act, do func(what string, more map[string]any)) {
	t.Helper()
	of := p.find(t, a.Of)
	var id string
	var is bool
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
	var up struct {
		URI string `json:"content_uri"`
	}
	answer := p.asks(t, http.MethodPost, "media/v3/upload", strings.NewReader(data))
	if err := json.Unmarshal([]byte(answer), &up); err != nil || up.URI == "" {
		t.Fatal("the file is not taken: ", answer, err)
	}
	return up.URI
}

// download returns the bytes of a file.
func (p *person) download(t *testing.T, mxc string) string {
	t.Helper()
	return p.asks(t, http.MethodGet, "client/v1/media/download/"+strings.TrimPrefix(mxc, "mxc://"), nil)
}

// asks asks the homeserver for what nio does not.
func (p *person) asks(t *testing.T, method, path string, body io.Reader) string {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, p.home.URL+"/_matrix/"+path, body)
	if err != nil {
		t.Error(err)
		return ""
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer a.Body.Close()
	data, err := io.ReadAll(a.Body)
	if err != nil {
		t.Error(err)
	}
	return string(data)
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
