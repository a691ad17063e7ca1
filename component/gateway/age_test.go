package gateway

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"causeway/bridges"
)

// delayed is a text that carries when its client wrote it.
func delayed(body string, at time.Time) string {
	return strings.Replace(text(body, body), "<request xmlns='urn:xmpp:receipts'/>",
		"<delay xmlns='urn:xmpp:delay' stamp='"+at.UTC().Format(time.RFC3339)+"'/>", 1)
}

// The age of a text is that at which it came: what waits for the network for
// longer than an hour is no replay of an archive by that.
func TestAgeIsThatOfAcceptance(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.g.SetPolicy(Policy{Allow: []string{"example.org"}, Hold: 24 * time.Hour})
		var up atomic.Bool
		r.bridge.OnSend(func(_ context.Context, m bridges.Message) ([]bridges.MessageID, error) {
			if !up.Load() {
				return nil, &bridges.Error{Kind: bridges.Temporary, Text: "away"}
			}
			return []bridges.MessageID{bridges.MessageID("id-" + m.Text)}, nil
		})
		r.receive(t, delayed("head", time.Now().Add(-time.Minute)))
		r.receive(t, delayed("next", time.Now().Add(-time.Minute)))
		r.receive(t, delayed("old", time.Now().Add(-2*time.Hour)))
		time.Sleep(3 * time.Hour)
		r.texts()
		up.Store(true)
		time.Sleep(10 * time.Minute)
		if got := r.texts(); !slices.Equal(got, []string{"head", "next"}) {
			t.Errorf("the network got %q", got)
		}
	})
}
