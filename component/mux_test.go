package component

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"causeway/component/stanza"
)

func testMux(log *bytes.Buffer) *Mux[string] {
	m := NewMux[string](slog.New(slog.NewTextHandler(log, nil)))
	m.Get("urn:a", "query", ToDomain|ToContact, func(_ context.Context, c string, _ *stanza.Stanza, p stanza.Element) (w stanza.Writer, err error) {
		w.Leaf("query", "urn:a", c+p.Attr("x"))
		return w, nil
	})
	m.Set("urn:a", "query", ToDomain, func(context.Context, string, *stanza.Stanza, stanza.Element) (stanza.Writer, error) {
		return stanza.Writer{}, nil
	})
	m.Get("urn:b", "panics", ToFull, func(context.Context, string, *stanza.Stanza, stanza.Element) (stanza.Writer, error) {
		panic("the cause")
	})
	m.Get("urn:b", "fails", ToFull, func(context.Context, string, *stanza.Stanza, stanza.Element) (stanza.Writer, error) {
		return stanza.Writer{}, errors.New("the secret cause")
	})
	m.Get("urn:b", "refuses", ToFull, func(context.Context, string, *stanza.Stanza, stanza.Element) (w stanza.Writer, err error) {
		w.Leaf("half", "", "")
		return w, &stanza.Error{Condition: "item-not-found"}
	})
	return m
}

func TestMux(t *testing.T) {
	for _, c := range []struct{ name, iq, want, log string }{
		{
			"6120.5 get", `<iq from='u@h/r' to='gw' id='1' type='get'><query xmlns='urn:a' x='y'/></iq>`,
			`<iq from='gw' to='u@h/r' id='1' type='result'><query xmlns='urn:a'>cy</query></iq>`, "",
		},
		{
			"6120.5 at a contact", `<iq from='u' to='c@gw' id='1' type='get'><query xmlns='urn:a'/></iq>`,
			`<iq from='c@gw' to='u' id='1' type='result'><query xmlns='urn:a'>c</query></iq>`, "",
		},
		{
			"6120.5 set", `<iq from='u' to='gw' id='1' type='set'><query xmlns='urn:a'/></iq>`,
			`<iq from='gw' to='u' id='1' type='result'/>`, "",
		},
		{"6120.6 other kind of address", `<iq from='u' to='gw/x@y' id='1' type='get'><query xmlns='urn:a'/></iq>`, "service-unavailable", ""},
		{"6120.6 other type", `<iq from='u' to='c@gw' id='1' type='set'><query xmlns='urn:a'/></iq>`, "service-unavailable", ""},
		{"6120.6 other name", `<iq from='u' to='gw' id='1' type='get'><item xmlns='urn:a'/></iq>`, "service-unavailable", ""},
		{"0215.1", `<iq from='u' to='gw' id='1' type='get'><services xmlns='urn:xmpp:extdisco:2'/></iq>`, "service-unavailable", ""},
		{"6120.6 no payload", `<iq from='u' to='gw' id='1' type='get'/>`, "bad-request", ""},
		{
			"6120.9 refused", `<iq from='u' to='c@gw/x' id='1' type='get'><refuses xmlns='urn:b'/></iq>`,
			`<iq from='c@gw/x' to='u' id='1' type='error'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`, "",
		},
		{"panic", `<iq from='u' to='c@gw/x' id='1' type='get'><panics xmlns='urn:b'/></iq>`, "internal-server-error", "the cause"},
		{"6120.10 failure", `<iq from='u' to='c@gw/x' id='1' type='get'><fails xmlns='urn:b'/></iq>`, "internal-server-error", "the secret cause"},
		{"6120.7 error", `<iq from='u' to='gw' id='1' type='error'><query xmlns='urn:a'/></iq>`, "", ""},
		{"6120.7 result", `<iq from='u' to='gw' id='1' type='result'/>`, "", ""},
		{"no from", `<iq to='gw' id='1' type='get'><query xmlns='urn:a'/></iq>`, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			iq, err := stanza.Parse([]byte(c.iq))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if o := testMux(&log).Answer(t.Context(), "c", iq); o != nil {
				got = string(o.Append(nil))
			}
			if !strings.Contains(got, c.want) || c.want == "" && got != "" {
				t.Errorf("answer %s, want %s", got, c.want)
			}
			if strings.Contains(got, "cause") || !strings.Contains(log.String(), c.log) || c.log == "" && log.Len() > 0 {
				t.Errorf("answer %s, log %s", got, &log)
			}
		})
	}
}

func TestMuxFeatures(t *testing.T) {
	m := testMux(&bytes.Buffer{})
	for to, want := range map[Address][]string{
		ToDomain: {"urn:a"}, ToContact: {"urn:a"}, ToFull: {"urn:b"}, ToContact | ToFull: {"urn:a", "urn:b"},
	} {
		if got := m.Features(to); !slices.Equal(got, want) {
			t.Errorf("Features(%b) = %q, want %q", to, got, want)
		}
	}
}

func TestMuxTwice(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a second handler is taken")
		}
	}()
	m := testMux(&bytes.Buffer{})
	m.Get("urn:a", "query", ToContact, m.handlers[route{"get", "urn:a", "query", ToDomain}])
}
