package gateway

import (
	"context"
	"errors"
	"testing"
	"time"

	"causeway/component/stanza"
)

const (
	askVersion = `<iq type='get' from='sms.example.org' to='alice@example.org/phone'><query xmlns='jabber:iq:version'/></iq>`
	noVersion  = `<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`
)

// versionOf is a request to one of alice's resources.
func versionOf() *stanza.Out {
	o := &stanza.Out{Kind: stanza.IQ, Type: "get", From: domain, To: alice + "/phone"}
	o.Payload.Leaf("query", "jabber:iq:version", "")
	return o
}

func TestRequest(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct{ name, answer, condition string }{
		{"result", `<query xmlns='jabber:iq:version'><name>x</name></query>`, ""},
		{"error", noVersion, "service-unavailable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := make(chan error, 1)
			go func() {
				_, err := r.g.link.Request(t.Context(), versionOf())
				got <- err
			}()
			r.answerIQ(askVersion, c.answer)
			checkAnswer(t, <-got, c.condition)
		})
	}
}

// In simulated time a request is answered as on a real link, or never.
func TestRequestInTime(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.answers = map[string]string{"jabber:iq:version": noVersion}
		_, err := r.g.link.Request(context.Background(), versionOf())
		checkAnswer(t, err, "service-unavailable")
		r.answers = nil
		began := time.Now()
		if _, err := r.g.link.Request(context.Background(), versionOf()); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != silence {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

// checkAnswer wants a result, or an error with a condition.
func checkAnswer(t *testing.T, err error, condition string) {
	t.Helper()
	var e *stanza.Error
	if errors.As(err, &e) && e.Condition == condition || err == nil && condition == "" {
		return
	}
	t.Errorf("the answer is %v", err)
}
