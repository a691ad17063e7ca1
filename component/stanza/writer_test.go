package stanza

import "testing"

func TestAppend(t *testing.T) {
	o := Out{Kind: Message, From: "+1@sms.localhost", To: "a'b@c", ID: "1", Type: "chat", Lang: "en"}
	o.Payload.Leaf("body", "", "<\x01&\uFFFE>\xED\xA0\x80\r\n\x00\"'").Leaf("active", "urn:c", "", "none", "").
		Start("x", "jabber:x:oob").Leaf("url", "", "http://x/?a&b", "v", "\t\n")
	want := `<message from='+1@sms.localhost' to='a&apos;b@c' id='1' type='chat' xml:lang='en'>` +
		"<body>&lt;&amp;&gt;&#13;\n&quot;&apos;</body><active xmlns='urn:c'/>" +
		`<x xmlns='jabber:x:oob'><url v='&#9;&#10;'>http://x/?a&amp;b</url></x></message>`
	if got := string(o.Append(nil)); got != want {
		t.Errorf("6120.3 Append =\n%s, want\n%s", got, want)
	}
	if got := string((&Out{Kind: IQ, To: "a"}).Append([]byte("x"))); got != `x<iq to='a'/>` {
		t.Errorf("without payload: %s", got)
	}
	if got := (&Out{To: "a"}).Append(nil); got != nil {
		t.Errorf("without kind: %s", got)
	}
}

func TestDeepWriter(t *testing.T) {
	var w Writer
	for range 20 {
		w.Start("a", "")
	}
	w.Text("x").End().End()
	w.Leaf("b", "", "").End().End()
	const open, closed = "<a><a><a><a><a>", "</a></a></a></a></a>"
	want := open + open + open + open + "x</a></a><b/></a></a>" + closed + closed + closed + "</a>"
	if got := string(w.Bytes()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if w.End(); string(w.Bytes()) != want {
		t.Error("one End too many changes the output")
	}
}

func TestCopy(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"own", `<iq><a b='1'>t<c/>u</a></iq>`, `<a b='1'>t<c></c>u</a>`},
		{"own declared", `<iq><a xmlns='jabber:client'><b xmlns='u'><c xmlns='jabber:client'/></b></a></iq>`, `<a><b xmlns='u'><c xmlns='jabber:client'></c></b></a>`},
		{"prefix outside", `<iq xmlns:q='urn:q'><q:a q:b='1' q:c="'">&amp;<q:d/></q:a></iq>`, `<q:a xmlns:q='urn:q' q:b='1' q:c="'">&amp;<q:d xmlns:q='urn:q'></q:d></q:a>`},
		{"two with one prefix", `<iq xmlns:q='urn:q'><a q:b='1' q:c='2'/></iq>`, `<a xmlns:q='urn:q' q:b='1' q:c='2'></a>`},
		{"prefix inside", `<iq><q:a xmlns:q='urn:q'><q:d/></q:a></iq>`, `<q:a xmlns:q='urn:q'><q:d></q:d></q:a>`},
		{"3.5.1 unbound attribute", `<iq><a q:y='2' y='3' xml:lang='en'/></iq>`, `<a y='3' xml:lang='en'></a>`},
		{"3.5.1 unbound child", `<iq><a>x<q:b><c/></q:b>y<d/>z</a></iq>`, `<a>xy<d></d>z</a>`},
		{"3.5.1 unbound itself", `<iq><q:a/></iq>`, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			for e := range mustParse(t, c.in).Children() {
				var w Writer
				if got := string(w.Copy(e).Bytes()); got != c.want {
					t.Errorf("Copy = %s, want %s", got, c.want)
				}
			}
		})
	}
	var w Writer
	w.Start("forwarded", "urn:xmpp:forward:0").Copy(mustParse(t, `<message><body>x</body></message>`).Root())
	want := `<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body>x</body></message></forwarded>`
	if got := string(w.Bytes()); got != want {
		t.Errorf("in another namespace: %s", got)
	}
}

func TestErrorReply(t *testing.T) {
	s := mustParse(t, `<message from='u@h/r' to='c@gw' id='7' type='chat'><body>x</body></message>`)
	e := &Error{Condition: "gone", Text: "It moved.", Gone: "xmpp:d@gw"}
	e.App.Leaf("x", "urn:x", "")
	o, ok := e.Reply(s)
	want := `<message from='c@gw' to='u@h/r' id='7' type='error'><error type='cancel'>` +
		`<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:d@gw</gone>` +
		`<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>It moved.</text><x xmlns='urn:x'/></error></message>`
	if !ok || string(o.Append(nil)) != want {
		t.Fatalf("6120.9 Reply =\n%s, want\n%s", o.Append(nil), want)
	}
	r := mustParse(t, want).Err()
	if r.Type != "cancel" || r.Condition != "gone" || r.Text != e.Text || r.Gone != e.Gone || string(r.App.Bytes()) != `<x xmlns='urn:x'></x>` {
		t.Errorf("Err = %+v", r)
	}
	for _, raw := range []string{`<message from='a' type='error'/>`, `<iq from='a' type='result'/>`, `<iq type='get'/>`} {
		if _, ok := e.Reply(mustParse(t, raw)); ok {
			t.Errorf("6120.7: %s is answered", raw)
		}
	}
	if s.Err() != nil {
		t.Error("a chat message has an error")
	}
	if r := mustParse(t, `<iq type='error'/>`).Err(); r.Condition != "undefined-condition" {
		t.Errorf("Err of an empty one = %+v", r)
	}
}
