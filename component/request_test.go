package component

import (
	"context"
	"errors"
	"strings"
	"testing"

	"causeway/component/stanza"
)

// ask sends a request in the background.
func ask(r *rig, ctx context.Context, to string) <-chan any {
	done := make(chan any, 1)
	go func() {
		s, err := r.Request(ctx, &stanza.Out{Kind: stanza.IQ, Type: "get", From: testDomain, To: to, ID: "guessable"})
		if err != nil {
			done <- err
		} else {
			done <- s
		}
	}()
	return done
}

const asked = "<iq from='" + testDomain + "' to='u@example.org/R' type='get' id='$id'/>"

func TestRequest(t *testing.T) {
	r := newRig(t)
	s := r.up()
	done := ask(r, t.Context(), "u@example.org/R")
	if id := s.Receive(asked).Attr["id"]; len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" {
		t.Errorf("id %q is not of 128 bits", id)
	}
	for _, forged := range []string{ // 6120.8
		"<iq from='other@example.org/R' to='" + testDomain + "' type='result' id='$id'/>",
		"<iq from='u@example.org/r' to='" + testDomain + "' type='result' id='$id'/>",
		"<iq from='u@example.org' to='" + testDomain + "' type='error' id='$id'/>",
		"<iq to='" + testDomain + "' type='result' id='$id'/>",
		"<iq from='u@example.org/R' to='" + testDomain + "' type='result' id='other'/>",
		"<message from='u@example.org/R' to='" + testDomain + "' type='result' id='$id'/>", // D13
	} {
		s.Send(forged)
	}
	r.rec.want("stanza") // the message
	select {
	case got := <-done:
		t.Fatal("forged answer taken:", got)
	default:
	}
	s.Send("<iq from='U@Example.org/R' to='" + testDomain + "' type='result' id='$id'><a xmlns='urn:a'/></iq>")
	got, ok := (<-done).(*stanza.Stanza)
	if !ok {
		t.Fatal(got)
	}
	if _, ok := got.Child("urn:a", "a"); !ok {
		t.Error("got", got.Raw())
	}
	s.Send("<iq from='u@example.org/R' to='" + testDomain + "' type='result' id='$id'/>" + chat("next"))
	r.hears("next") // a second answer is nobody's
}

func TestRequestError(t *testing.T) {
	r := newRig(t)
	s := r.up()
	done := ask(r, t.Context(), "u@example.org/R")
	s.Receive(asked)
	s.Send("<iq from='u@example.org/R' to='" + testDomain + "' type='error' id='$id'><error type='cancel'>" +
		"<item-not-found xmlns='" + stanza.NSError + "'/></error></iq>")
	var e *stanza.Error
	if err, _ := (<-done).(error); !errors.As(err, &e) || e.Condition != "item-not-found" {
		t.Error("got", e)
	}
}

// A request ends with its context, at a disconnect, and at once while down.
func TestRequestEnds(t *testing.T) {
	r := newRig(t)
	if got := <-ask(r, t.Context(), "u@example.org/R"); got != ErrDown {
		t.Error("before:", got)
	}
	s := r.up()
	cause := errors.New("the cause")
	ctx, cancel := context.WithCancelCause(t.Context())
	done := ask(r, ctx, "u@example.org/R")
	first := s.Receive(asked).Attr["id"]
	cancel(cause)
	if got := <-done; got != cause {
		t.Error("context:", got)
	}
	done = ask(r, t.Context(), "u@example.org/R")
	if second := s.Next().Attr["id"]; second == first {
		t.Error("an id twice")
	}
	s.Close()
	if got := <-done; got != ErrDown {
		t.Error("disconnect:", got)
	}
	if len(r.req.open) > 0 {
		t.Error("requests are left:", r.req.open)
	}
}

func TestRequestIsAnIQ(t *testing.T) {
	r := newRig(t)
	r.up()
	for _, o := range []stanza.Out{
		{Kind: stanza.Message, Type: "get", From: testDomain, To: "u@example.org"},
		{Kind: stanza.IQ, Type: "result", From: testDomain, To: "u@example.org"},
	} {
		if _, err := r.Request(t.Context(), &o); !errors.Is(err, ErrType) {
			t.Error(err)
		}
	}
}
