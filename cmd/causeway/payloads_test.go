package main_test

import (
	"testing"

	"causeway/cmd/lab/peer"
)

// notTexts are messages that are no text, whatever their fallback body says,
// and the error that each gets: none means silence.
var notTexts = map[string]struct{ inside, condition string }{
	"0085.5 state":        {`<composing xmlns='http://jabber.org/protocol/chatstates'/>`, ""},
	"0184 receipt":        {`<received xmlns='urn:xmpp:receipts' id='x'/>`, ""},
	"0333.6 marker":       {`<displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>`, ""},
	"0384.4 key exchange": {`<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/></encrypted>`, ""},
	"empty":               {`<body> </body>`, ""},
	"0203 replay":         {`<body>old</body><delay xmlns='urn:xmpp:delay' stamp='2001-01-01T00:00:00Z'/>`, ""},
	"0444.5 reaction":     {`<reactions xmlns='urn:xmpp:reactions:0' id='x'><reaction>x</reaction></reactions><body>x</body>`, "not-acceptable"},
	"0424.3 retraction":   {`<retract xmlns='urn:xmpp:message-retract:1' id='x'/><body>retracted</body><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:message-retract:1'/>`, "feature-not-implemented"},
	"0384.3 encrypted":    {`<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/><payload>x</payload></encrypted><body>I sent you an OMEMO message</body><store xmlns='urn:xmpp:hints'/>`, "not-acceptable"},
	"0384.5 in a text":    {`<body>look at aesgcm://a.example/b#00</body>`, "not-acceptable"},
	"0447 no address":     {`<file-sharing xmlns='urn:xmpp:sfs:0'><sources/></file-sharing>`, "not-acceptable"},
	"0384.5 its file":     {`<body>aesgcm://a.example/b#00</body>`, "not-acceptable"},
}

// Nothing that is no text ever costs one: the centre has got nothing when the
// text behind all of these arrives. What is a text in another form comes as one.
func TestNotATextCostsNone(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		r := newRig(t, server, peer.Node, "alice")
		u := r.registered(t, "alice")
		raw := func(id, inside string) {
			u.Do(map[string]any{"do": "raw", "xml": `<message type='chat' id='` + id + `' to='` + contact + `'>` + inside + `</message>`})
		}
		for name, c := range notTexts {
			raw(name, c.inside)
			if c.condition == "" {
				continue
			}
			if e := u.Wait("the error of "+name, failure(name)); e.Condition != c.condition || e.Text == "" {
				t.Errorf("%s: %+v", name, e)
			}
		}
		raw("0461.5", `<reply xmlns='urn:xmpp:reply:0' to='`+contact+`' id='x'/><body>&gt; when? &#x1F600;`+"\n"+`at one &#x1F600;</body>`+
			`<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='10'/></fallback>`)
		raw("0308.3", `<body>at two</body><replace xmlns='urn:xmpp:message-correct:0' id='0461.5'/>`)
		raw("0066.3", `<body>https://a.example/b</body><x xmlns='jabber:x:oob'><url>https://a.example/b</url></x>`)
		raw("0447.1", `<file-sharing xmlns='urn:xmpp:sfs:0'><sources><url-data xmlns='http://jabber.org/protocol/url-data' target='https://a.example/c'/></sources></file-sharing>`)
		raw("0333.6", `<body>yes</body><displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>`)
		raw("0393.1 0372.6", `<body>*one* @everyone</body>`)
		for _, want := range []string{"at one 😀", "* at two", "https://a.example/b", "https://a.example/c", "yes", "*one* @everyone"} {
			if got := r.centre.Next("submit").Text; got != want {
				t.Errorf("the centre got %q, not %q", got, want)
			}
		}
		none(t, "an error of what is dropped", r.barrier(u, phone), func(e peer.Event) bool {
			return e.Type == "error" && notTexts[e.ID].condition == ""
		})
		r.centre.None()
		const accident = "call *now*"
		if status := r.centre.Text("12025550102", u.number, accident); status != 0 {
			t.Fatalf("the client answers %#x", status)
		}
		if e := u.Wait(accident, message("+12025550102@"+domain, accident)); !has(e.XML, "unstyled", "urn:xmpp:styling:0") {
			t.Errorf("0393.3: %s", e.XML)
		} else if !has(e.XML, "nick", "http://jabber.org/protocol/nick") {
			t.Errorf("0172.1: %s", e.XML)
		}
	})
}
