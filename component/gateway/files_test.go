package gateway

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/component/xep/privilege"
)

// fileIn is what alice's client gets of a picture (xeps.md 0066.1, 0447.1-2, 0446; the
// hash by XEP-0300 is of the bytes).
const fileIn = `<message from='+12025550100@sms.example.org/gateway' to='alice@example.org' id='*' type='chat'><body>https://get.example/1/a.png</body>` +
	`<x xmlns='jabber:x:oob'><url>https://get.example/1/a.png</url></x>` +
	`<file-sharing xmlns='urn:xmpp:sfs:0' disposition='inline'><file xmlns='urn:xmpp:file:metadata:0'><media-type>image/png</media-type><name>a.png</name>` +
	`<size>5</size><width>3</width><height>4</height><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>XC9TbjYm/um7TQ+SIlSCm83BqKKT89vvs/1j8MhP9w4=</hash></file><sources><url-data xmlns='http://jabber.org/protocol/url-data' target='https://get.example/1/a.png'/></sources></file-sharing>` +
	`<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:sfs:0'><body/></fallback>` +
	`<active xmlns='http://jabber.org/protocol/chatstates'/><markable xmlns='urn:xmpp:chat-markers:0'/></message>`

// Assertion 23 of xeps.md section 7; 0066.1, 0363.1-3, 0447.1-2.
func TestFileIn(t *testing.T) {
	inFiles(t, func(r *timeless, m *fakeMedia) {
		r.gives(fiveBytes, 5)
		r.delivers(aPicture("n1", ""))
		sent := r.drain()
		last := sent[len(sent)-1]
		s := mustParse(t, last)
		if want := strings.Replace(fileIn, "*", s.ID, 1); last != want || len(s.ID) != 36 {
			t.Errorf("%s, not %s", last, want)
		}
		if got := m.put["https://put.example/1"]; got != "image/png x "+fiveBytes {
			t.Errorf("%q was put", got)
		}
		asked := strings.Join(sent, "\n")
		for _, want := range []string{
			`to='example.org' id='`, `to='upload.example.org'`, `from='sms.example.org'`,
			`<request xmlns='urn:xmpp:http:upload:0' filename='a.png' size='5' content-type='image/png'/>`,
		} {
			if !strings.Contains(asked, want) {
				t.Errorf("0363.1-2: nobody was asked %s: %s", want, asked)
			}
		}
		r.delivers(aPicture("n2", ""))
		if again := strings.Join(r.drain(), ""); strings.Contains(again, "disco#") {
			t.Errorf("the service is looked for again: %s", again)
		}
		if len(m.sources) != 1 {
			t.Errorf("%d sources", len(m.sources))
		}
	})
}

// 0077.17: the links of an account end with it.
func TestFileLinks(t *testing.T) {
	inFiles(t, func(r *timeless, m *fakeMedia) {
		r.gives(fiveBytes, 5)
		for account, want := range map[bridges.AccountID]bool{alice: true, "bob@example.org": false} {
			c, err := m.sources[0](t.Context(), account, bridges.File{ID: "n1"})
			if (err == nil) != want || err != nil && bridges.KindOf(err) != bridges.NotFound {
				t.Errorf("%s gets %v, %v", account, c, err)
			}
		}
	})
}

// What is beside the picture, and what becomes of it later: 0066.2, 0308.6.
func TestCaptionIn(t *testing.T) {
	inFiles(t, func(r *timeless, _ *fakeMedia) {
		r.gives(fiveBytes, 5)
		want := func(name string, all ...string) {
			t.Helper()
			if got := r.showed(); fmt.Sprint(got) != fmt.Sprint(all) {
				t.Errorf("%s: %q, not %q", name, got, all)
			}
		}
		const url = "file https://get.example/1/a.png"
		r.delivers(aPicture("n1", "look"), sms("next"))
		want("0066.2 a caption, and order", url, "look", "next")
		r.delivers(aPicture("n1", "look"))
		want("a repetition")
		file, caption := r.stanzaOf("n1"), r.stanzaOf(captions+"n1")
		edit := func(id, of, text string) bridges.Edit {
			return bridges.Edit{Message: bridges.Message{ID: bridges.MessageID(id), Chat: phone, From: phone, Text: text}, Of: bridges.MessageID(of)}
		}
		r.delivers(edit("e1", "n1", "look here"))
		want("an edit is of the caption", "replace "+caption+": look here")
		r.delivers(bridges.Retraction{ID: "r1", Chat: phone, From: phone, Of: "n1"})
		want("both are taken back", "retract "+file+": "+tookBack, "retract "+caption+": "+tookBack)
		r.delivers(aPicture("n2", ""))
		want("none", url)
		r.delivers(edit("e2", "n2", "late"))
		want("0308.6 the first caption comes by an edit", "late")
		r.delivers(edit("e3", "n2", "later"))
		want("and is changed", "replace "+r.stanzaOf(captions+"n2")+": later")
		answer := aPicture("n3", "")
		answer.ReplyTo, answer.Quote = "n2", "late"
		r.delivers(answer)
		want("an answer has no quote", "reply "+r.stanzaOf("n2")+": "+url)
		r.delivers(bridges.Retraction{ID: "r3", Chat: phone, From: phone, Of: "n3"})
		want("without a caption one is taken back", "retract "+r.stanzaOf("n3")+": "+tookBack)
	})
}

// What users do to either message they do to the one of the network.
func TestDeedsOnFile(t *testing.T) {
	inFiles(t, func(r *timeless, _ *fakeMedia) {
		r.gives(fiveBytes, 5)
		r.delivers(aPicture("n1", "look"))
		for _, id := range []bridges.MessageID{"n1", captions + "n1"} {
			r.receive(t, reacting("x"+string(id[1:2]), r.stanzaOf(id), "👍"))
			if x, ok := atHand(t, r.bridge.Events()).(bridges.Reaction); !ok || x.Of != "n1" {
				t.Errorf("a reaction to %q is %+v", id, x)
			}
			r.receive(t, `<message type='chat' id='y' from='alice@example.org/phone' to='+12025550100@sms.example.org'><body>fine</body>`+
				`<reply xmlns='urn:xmpp:reply:0' id='`+r.stanzaOf(id)+`'/></message>`)
			if x := atHand(t, r.bridge.Sent()); x.ReplyTo != "n1" {
				t.Errorf("an answer to %q is %+v", id, x)
			}
		}
	})
}

// A read mark of either is one of the message on the network, and back (0333.2, 0333.7).
func TestMarkersOnFile(t *testing.T) {
	inFiles(t, func(r *timeless, _ *fakeMedia) {
		r.g.info.Can |= bridges.CanDisplayed
		r.gives(fiveBytes, 5)
		r.g.Handle(mustParse(t, grants("example.org", privilege.NS, permMessage)), zeroKey)
		r.delivers(aPicture("n1", "look"), aPicture("n2", "there"))
		r.reads(alice, phone, r.stanzaOf("n1"))
		r.reads(alice, phone, r.stanzaOf(captions+"n1"))
		r.drain()
		if got := strings.Join(r.shown(), " "); got != "n1 n1" {
			t.Errorf("the network was told %q", got)
		}
		r.delivers(saw(number, "n2"))
		if got := strings.Join(r.drain(), ""); !strings.Contains(got, `<displayed xmlns='urn:xmpp:chat-markers:0' id='`+r.stanzaOf(captions+"n2")+`'/>`) {
			t.Errorf("what was read elsewhere is %s", got)
		}
	})
}

const (
	words     = "(a picture that cannot be shown here: a.png, 5 bytes)"
	linked    = "file https://own.example/sms.example.org/f1/a.png"
	uploaded  = "file https://get.example/1/a.png"
	noService = "no upload service"
)

// refusalOf is the error of a server.
func refusalOf(typ, condition, app string) string {
	return `<error type='` + typ + `'><` + condition + ` xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>` + app + `</error>`
}

var filesNotTaken = map[string]struct {
	set   func(r *timeless, m *fakeMedia)
	want  string // without links of our own
	links bool   // there would be one
	tell  string // the operator is told, but not that the server has no service
}{
	"0363.4 forbidden": {func(r *timeless, _ *fakeMedia) {
		r.answer("urn:xmpp:http:upload:0", refusalOf("auth", "forbidden", ""))
	}, words, true, "http_file_share_access"},
	"0363.4 too large": {func(r *timeless, _ *fakeMedia) {
		r.answer("urn:xmpp:http:upload:0", refusalOf("modify", "not-acceptable", `<file-too-large xmlns='urn:xmpp:http:upload:0'><max-file-size>4</max-file-size></file-too-large>`))
	}, words, true, "too large"},
	"0363.1 too large by its word": {func(r *timeless, _ *fakeMedia) { r.serves("<field var='max-file-size'><value>4</value></field>") }, words, true, "too large"},
	"0363.4 no room": {func(r *timeless, _ *fakeMedia) {
		r.answer("urn:xmpp:http:upload:0", refusalOf("wait", "resource-constraint", `<retry xmlns='urn:xmpp:http:upload:0' stamp='2100-01-01T00:00:00Z'/>`))
	}, words, true, "quota"},
	"no service": {func(r *timeless, _ *fakeMedia) {
		r.answer("http://jabber.org/protocol/disco#info", `<query xmlns='http://jabber.org/protocol/disco#info'/>`)
	}, words, true, noService},
	"gone from the network": {func(r *timeless, _ *fakeMedia) { r.bridge.OnOpen(nil) }, words, false, ""},
	"0363.3 the upload is refused": {func(_ *timeless, m *fakeMedia) {
		m.fails = []error{&bridges.Error{Kind: bridges.NotAllowed, Text: "private"}}
	}, words, true, "fetch_private"},
	"the upload fails for now": {func(_ *timeless, m *fakeMedia) { m.fails = []error{errTemporary, errTemporary, errTemporary} }, uploaded, false, ""},
	"the upload fails": {func(_ *timeless, m *fakeMedia) {
		m.fails = []error{errTemporary, errTemporary, errTemporary, errTemporary}
	}, words, true, "Not now"},
	"0066.1 an address that is none": {func(r *timeless, _ *fakeMedia) {
		r.answer("urn:xmpp:http:upload:0", strings.Replace(slotPayload, "a.png", "a b#c.png", 1))
	}, words, true, "no address"},
	"an unknown size": {func(r *timeless, _ *fakeMedia) { r.gives(fiveBytes, -1) }, uploaded, false, ""},
	"a panic": {func(r *timeless, _ *fakeMedia) {
		r.bridge.OnOpen(func(context.Context, bridges.File) (*bridges.Content, error) { panic("odd") })
	}, words, false, ""},
}

// Assertion 25 of xeps.md section 7; 0363.4-5: what the server does not take.
func TestFileNotTaken(t *testing.T) {
	for name, c := range filesNotTaken {
		for _, own := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, links: %t", name, own), func(t *testing.T) {
				inFiles(t, func(r *timeless, m *fakeMedia) {
					r.gives(fiveBytes, 5)
					c.set(r, m)
					m.linked = own
					want := c.want
					if own && c.links {
						want = linked
					}
					r.delivers(aPicture("n1", "look"), sms("next"))
					time.Sleep(5 * time.Minute) // the tries
					if got := r.showed(); fmt.Sprint(got) != fmt.Sprint([]string{want, "look", "next"}) {
						t.Errorf("%q, not %q", got, want)
					}
					if c.tell != "" && strings.Contains(m.told(), c.tell) == (own && c.tell == noService) {
						t.Errorf("the operator is told %q", m.told())
					}
				})
			})
		}
	}
}

// While a file takes its time, only what comes behind it from the same person waits.
func TestSlowFile(t *testing.T) {
	inFiles(t, func(r *timeless, _ *fakeMedia) {
		let := make(chan struct{})
		r.bridge.OnOpen(func(ctx context.Context, _ bridges.File) (*bridges.Content, error) {
			select {
			case <-let:
			case <-ctx.Done():
			}
			return &bridges.Content{ReadCloser: io.NopCloser(strings.NewReader(fiveBytes)), Size: 5}, ctx.Err()
		})
		r.delivers(aPicture("n1", ""), sms("behind"), bridges.Message{Chat: "+12025550101", From: "+12025550101", Text: "another"})
		if got := r.showed(); fmt.Sprint(got) != "[another]" {
			t.Errorf("%q came", got)
		}
		r.receive(t, text("a1", "out"))
		if got := r.texts(); fmt.Sprint(got) != "[out]" {
			t.Errorf("%q was sent", got)
		}
		close(let)
		if got := r.showed(); fmt.Sprint(got) != "[file https://get.example/1/a.png behind]" {
			t.Errorf("%q came", got)
		}
	})
}

// A file that was on its way at the end comes after it, once.
func TestFileAndCrash(t *testing.T) {
	inFiles(t, func(r *timeless, m *fakeMedia) {
		r.bridge.OnOpen(func(ctx context.Context, _ bridges.File) (*bridges.Content, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		r.delivers(aPicture("n1", "look"))
		if got := r.showed(); got != nil {
			t.Errorf("%q came", got)
		}
		next := r.crash(withFiles())
		next.serves("")
		next.gives(fiveBytes, 5)
		time.Sleep(uploadTime * 10)
		if got := next.showed(); fmt.Sprint(got) != "[file https://get.example/1/a.png look]" {
			t.Errorf("%q came", got)
		}
		*r = *next
	})
}

// 0356.15-17, 0363.5: the slot is asked for as the user where that is granted, and
// as ourselves when the server does not mean it.
func TestFileAsUser(t *testing.T) {
	const asUser = `<privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' type='result' id='1'>` + slotPayload + `</iq></forwarded></privilege>`
	for name, c := range map[string]struct {
		answer string
		keeps  bool
	}{
		"granted":           {asUser, true},
		"0356.16 refused":   {`<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`, false},
		"F3 without a word": {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			inFiles(t, func(r *timeless, _ *fakeMedia) {
				r.gives(fiveBytes, 5)
				r.g.privileges.set("example.org", privilege.Rights{NS: privilege.NS, Upload: true})
				r.answer(privilege.NS, c.answer)
				r.delivers(aPicture("n1", ""))
				time.Sleep(2 * uploadTime)
				sent := strings.Join(r.drain(), "\n")
				if !strings.Contains(sent, "to='alice@example.org' id='") || !strings.Contains(sent, "<privileged_iq xmlns='urn:xmpp:privilege:2'><iq xmlns='jabber:client' type='get' to='upload.example.org' id='") {
					t.Errorf("0356.15: %s", sent)
				}
				if n := strings.Count(sent, "<body>https://get.example/1/a.png</body>"); n != 1 {
					t.Errorf("the file came %d times", n)
				}
				if r.g.rights("example.org").Upload != c.keeps {
					t.Errorf("the right is kept: %t", !c.keeps)
				}
			})
		})
	}
}
