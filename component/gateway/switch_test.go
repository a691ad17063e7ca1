package gateway

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/mapping"
)

const (
	nodeOff = "urn:causeway:admin#off"
	nodeOn  = "urn:causeway:admin#on"
	why     = "the centre moves"
	offNow  = offText + ": " + why
)

func (r *rig) turnsOff() {
	r.t.Helper()
	if got := r.orders(nodeOff, reasonField, why, "info"); !strings.Contains(got, offNow) {
		r.t.Errorf("0133.1: the answer is %q", got)
	}
}

// gone wants a presence to say that the gateway is off, and there that it is on.
func (r *rig) gone(from, to string) {
	r.t.Helper()
	r.Receive(`<presence type='unavailable' from='` + from + `' to='` + to + `'><status>` + offNow + `</status></presence>`)
}

func (r *rig) there(from, to string) {
	r.t.Helper()
	r.Receive(`<presence from='` + from + `' to='` + to + `'>` + status(from) + anyCaps + `</presence>`)
}

func status(from string) string {
	if from == domain {
		return `<status>*</status>`
	}
	return ""
}

// TestTurnedOff: while the gateway is off its users see that, texts are refused,
// and what comes waits; also for a successor.
func TestTurnedOff(t *testing.T) {
	s := newMemStore()
	registered(s, alice, number)
	boot := func() *rig { return start(t, s, bridgetest.SMS(), func(c *Config) { c.Admins = []string{boss} }) }
	r := boot()
	r.greeting()
	has(r, phone)
	r.Send(available(alice+"/x", domain))
	r.there(domain, alice)
	r.there(phoneJID+"/gateway", alice)
	r.turnsOff()
	r.gone(domain, alice)
	r.gone(phoneJID+"/gateway", alice)
	t.Run("text", func(t *testing.T) {
		r.Send(text("t", "t"))
		n := r.Receive(stanzaError("t", "cancel", "service-unavailable"))
		if !strings.Contains(n.String(), offNow) {
			t.Errorf("the error is %s", n)
		}
	})
	t.Run("probes and new contacts", func(t *testing.T) {
		r.Send(presence("probe", alice+"/x", phoneJID))
		r.gone(phoneJID+"/gateway", alice+"/x")
		r.Send(presence("probe", alice+"/x", domain))
		r.gone(domain, alice+"/x")
		r.Send(presence("subscribe", alice, "+12025550101@sms.example.org"))
		r.Receive(presence("subscribed", "+12025550101@sms.example.org", alice))
		r.gone("+12025550101@sms.example.org/gateway", alice)
		r.Receive(strings.ReplaceAll(asksBack, phone, "+12025550101"))
	})
	r.says("status", "status", offNow)
	r.deliver(sms("one"), sms("two"))
	r.barrier(alice)
	r.stop()
	if n := len(r.bridge.All()); n != 0 {
		t.Errorf("the network got %d texts", n)
	}

	r = boot()
	r.gone(domain, alice)
	r.Receive(presence("probe", domain, alice))
	r.deliver(sms("three"))
	r.Send(available(alice+"/x", domain))
	r.gone(domain, alice)
	r.gone(phoneJID+"/gateway", alice)
	r.gone("+12025550101@sms.example.org/gateway", alice)
	r.Send(fromBoss("o", nodeOn, "", ""))
	r.afterTurningOn("one", "two", "three")
	r.Send(text("u", "u"))
	r.wantOnPhone("u")
}

// afterTurningOn wants the answer, the presence of the gateway and of two contacts
// and, in order, the texts; any of these may come before the others.
func (r *rig) afterTurningOn(texts ...string) {
	r.t.Helper()
	present, answers := 0, 0
	for present < 3 || answers < 1 || len(texts) > 0 {
		n := r.Next()
		switch {
		case n.Local == "presence" && n.Attr["type"] == "":
			present++
		case n.Local == "iq" && strings.Contains(n.String(), "on again"):
			answers++
		case n.Local == "message" && len(texts) > 0 && texts[0] == n.Children[0].Text:
			texts = texts[1:]
		default:
			r.t.Fatalf("%s comes", n)
		}
	}
}

func TestSwitchOffered(t *testing.T) {
	r := admins(t)
	offered := func(want, lacks string) {
		t.Helper()
		if nodes := r.commandNodes(boss); !slices.Contains(nodes, want) || slices.Contains(nodes, lacks) {
			t.Errorf("0133.1: %v", nodes)
		}
		if slices.Contains(r.commandNodes(alice), want) {
			t.Error("0133.3: it is offered to a user")
		}
		r.Send(strings.ReplaceAll(fromBob("set", "n", commandXML(want, "", "")), bob, alice)) // 0133.3
		r.Receive(strings.ReplaceAll(iqError("n", "auth", "forbidden"), bob, alice))
	}
	offered(nodeOff, nodeOn)
	if got := r.orders(nodeOff, reasonField, strings.Repeat("x", 201), "error"); !strings.Contains(got, "200 letters") {
		t.Errorf("0122.4: %q", got)
	}
	if r.g.Off() != "" {
		t.Error("a wrong reason turns it off")
	}
	r.turnsOff()
	r.gone(domain, alice)
	offered(nodeOn, nodeOff)
	r.already(nodeOff, "off")
	r.orders(nodeOn, "", "", "info")
	r.there(domain, alice)
	offered(nodeOff, nodeOn)
	r.already(nodeOn, "on")
}

// already wants boss to be told that there is nothing to do.
func (r *rig) already(node, is string) {
	r.t.Helper()
	r.Send(fromBoss("o", node, "", ""))
	if n := r.Receive(strings.ReplaceAll(iqError("o", "cancel", "conflict"), bob, boss)); !strings.Contains(n.String(), "is "+is+" already") {
		r.t.Errorf("0133.2: %s", n)
	}
}

// TestOffTellsWhoWaits: a text that waits for a retry is told at once, and one of
// which nobody knows whether it was sent is told so.
func TestOffTellsWhoWaits(t *testing.T) {
	for kind, want := range map[bridges.Kind]string{bridges.Temporary: "service-unavailable", bridges.Unknown: "remote-server-timeout"} {
		info := bridgetest.SMS()
		info.Unknown = bridges.Resend
		s := newMemStore()
		registered(s, alice, number)
		r := start(t, s, info, func(c *Config) { c.Admins = []string{boss} })
		r.greeting()
		r.bridge.OnSend(func(context.Context, bridges.Message) ([]bridges.MessageID, error) {
			return nil, &bridges.Error{Kind: kind, Text: "Later.", After: time.Hour}
		})
		r.Send(text("t", "t"))
		r.wantOnPhone("t")
		r.g.enqueueControl(alice, true, step{run: func(context.Context) { r.g.router.quiet(alice) }}) // the attempt is over
		r.barrier(alice)
		if r.store.Commit(t.Context(), switched(offNow)) != nil {
			t.Fatal("no commit")
		}
		r.g.turn(alice)
		var told, gone bool
		for !told || !gone {
			n := r.Next()
			gone = gone || n.Local == "presence"
			if n.Local == "message" {
				told = true
				if !strings.Contains(n.String(), want) {
					t.Errorf("told %s, want %s", n, want)
				}
			}
		}
	}
}

// TestOffAndAPredecessor: what a predecessor has given to a bridge that remembers
// is not refused, its outcome decides.
func TestOffAndAPredecessor(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.offWith(offNow)
		m := &outgoing{s: mustParse(t, text("t", "t")), expires: time.Now().Add(time.Hour), tried: true}
		c := &conversation{user: &user{id: alice}, contact: phone}
		if v := r.g.stepOut(context.Background(), c, m); !v.done || len(r.texts()) != 1 {
			t.Errorf("it is not sent: %+v", v)
		}
		m = &outgoing{s: mustParse(t, text("u", "u")), expires: time.Now().Add(time.Hour)}
		if v := r.g.stepOut(context.Background(), c, m); !v.done || len(r.texts()) != 0 {
			t.Errorf("it is sent: %+v", v)
		}
	})
}

// offWith turns the gateway of a bubble off or on.
func (r *timeless) offWith(words string) {
	_ = r.store.Commit(context.Background(), switched(words))
	r.g.turn(alice)
}

func switched(words string) *mapping.Batch {
	return &mapping.Batch{PutSwitch: []mapping.Switch{{Bridge: domain, Name: offSwitch, Value: words}}}
}

// turns turns the gateway of a life off or on, if its machine lives.
func (l *life) turns(words string) {
	if l.store.Commit(l.store.machine, switched(words)) == nil && !l.dead() {
		l.g.turn("user0@example.org")
	}
}

// TestPartsWhileOff: parts that waited, before or while the gateway was off, still
// become one text.
func TestPartsWhileOff(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.show(t, part("r", 1, 2, "a"), part("s", 1, 2, "c"))
		r.offWith(offNow)
		if got := r.show(t, part("r", 2, 2, "b"), sms("d")); len(got) != 0 {
			t.Errorf("while it is off the user saw %q", got)
		}
		time.Sleep(2 * partsTime)
		if got := bodies(r.drain()); len(got) != 0 {
			t.Errorf("while it is off the user saw %q", got)
		}
		r.offWith("")
		time.Sleep(2 * time.Second)
		if got := bodies(r.drain()); !slices.Equal(got, []string{"ab", "d"}) {
			t.Errorf("after it the user saw %q", got)
		}
		time.Sleep(partsTime)
		if got := bodies(r.drain()); !slices.Equal(got, []string{"c_"}) {
			t.Errorf("in the end the user saw %q", got)
		}
		if n, p := r.store.count(); n+p != 0 || len(r.g.router.users) != 0 {
			t.Errorf("left: %d journalled, %d parked, %d users", n, p, len(r.g.router.users))
		}
	})
}

// TestOffIsBounded: what waits counts against the limit of the bridge.
func TestOffIsBounded(t *testing.T) {
	r := newRig(t, func(c *Config) { c.BridgeLimit, c.Admins = 2, []string{boss} })
	r.turnsOff()
	r.gone(domain, alice)
	r.deliver(sms("1"), sms("2"))
	err := r.bridge.Host().Deliver(t.Context(), toAlice(sms("3")))
	if bridges.KindOf(err) != bridges.Temporary {
		t.Errorf("Deliver: %v", err)
	}
	r.bridge.Host().Hint(bridges.Delivery{Account: alice, Event: bridges.Typing{Chat: phone, Composing: true}})
}

// TestNoSignsWhileOff: no sign goes to the network, and markers are tried again.
func TestNoSignsWhileOff(t *testing.T) {
	r := newRig(t)
	tell := func() (called bool, kind bridges.Kind) {
		err := r.g.withSession(t.Context(), mapping.Account{ID: alice}, func(context.Context, bridges.Session) error {
			called = true
			return nil
		})
		return called, bridges.KindOf(err)
	}
	for words, want := range map[string]bool{offNow: false, "": true} {
		if err := r.store.Commit(t.Context(), switched(words)); err != nil {
			t.Fatal(err)
		}
		if err := r.g.readSwitches(t.Context()); err != nil {
			t.Fatal(err)
		}
		if called, kind := tell(); called != want || !want && kind != bridges.Temporary {
			t.Errorf("%q: called %v, kind %v", words, called, kind)
		}
	}
}

func playSwitch(r *theater) {
	r.boss(nodeOff)
	r.give(sms("kept"))
	r.receive(text("t", "t"), true)
	r.look()
	if r.saw("<body>kept") > 0 && r.saw("status='completed'", nodeOff) > 0 {
		r.w.t.Error("a text is shown while the gateway is off")
	}
}

// boss has an order carried out; one that asks gets no reason.
func (r *theater) boss(node string) {
	id := string(rune('a' + len(r.seen)))
	r.receive(fromBoss(id, node, "", ""), true)
	r.look()
	for _, x := range r.seen {
		if _, session, ok := strings.Cut(x, "sessionid='"); ok && strings.Contains(x, "status='executing'") {
			session, _, _ = strings.Cut(session, "'")
			r.receive(fromBoss(id+"x", node, "sessionid='"+session+"'", `<x xmlns='jabber:x:data' type='submit'/>`), true)
			r.look()
		}
	}
}

// look is watch when all is done.
func (r *theater) look() {
	synctest.Wait()
	r.watch()
}

// endSwitch: as long as the gateway is off nothing is shown, and then all is,
// once; what was refused was not sent.
func endSwitch(r *theater) {
	all, _ := r.store.Switches(context.Background(), domain)
	off := all[offSwitch] != ""
	if off != (r.g.Off() != "") || !off && r.saw("status='completed'", nodeOff) > 0 {
		r.w.t.Errorf("off: %v, on disk %v", r.g.Off(), off)
	}
	r.give(sms("late"))
	r.look()
	if off && r.saw("<body>late")+r.saw("<body>kept") > 0 {
		r.w.t.Error("a text is shown while the gateway is off")
	}
	kept := len(r.store.state.records)
	if off {
		r.boss(nodeOn)
	}
	if r.saw("<body>late") != 1 || r.saw("<body>kept") > 1 || off && kept > 1 && r.saw("<body>kept") != 1 {
		r.w.t.Errorf("late came %d times, kept %d times", r.saw("<body>late"), r.saw("<body>kept"))
	}
	if sent, told := len(r.bridge.All()), r.saw("type='error'", "id='t'"); sent > 0 && off || told > 1 {
		r.w.t.Errorf("%d texts were sent, %d told", sent, told)
	}
}
