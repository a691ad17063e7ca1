package bridgetest

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"causeway/bridges"
)

// checkTwice wants a message that is given twice to arrive once, where the contract
// promises that.
func checkTwice(t *testing.T, s Subject) {
	if !s.mayRepeat(s.life) || s.Bridge.Info().Unknown == bridges.Resend {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	session := s.open(ctx, t)
	m := s.message("twice: the same")
	one, err := session.Send(ctx, m)
	if err != nil {
		t.Fatal(err)
	}
	if two, err := session.Send(ctx, m); err != nil || !slices.Equal(one, two) {
		t.Errorf("the ids are %q, and when it is sent again %q, %v", one, two, err)
	}
	texts := []string{m.Text, "twice: another"}
	s.read("twice:", s.Account, texts, []fate{sent, s.send(s.Account, texts[1])})
	if err := session.Close(); err != nil {
		t.Error(err)
	}
}

// checkTwo wants two accounts that write to one person at the same time to be in
// order each.
func checkTwo(t *testing.T, s Subject) {
	if s.Second.Self == "" {
		t.Fatal("the suite needs a second account")
	}
	const each = 20
	all := map[bridges.AccountID][]string{}
	var wg sync.WaitGroup
	for _, a := range []bridges.Account{s.Account, s.Second} {
		session, err := s.life.session(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		for i := range each {
			all[a.ID] = append(all[a.ID], "two: "+string(a.ID)+" "+string(rune('a'+i)))
		}
		texts := all[a.ID]
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 6*limit)
			defer cancel()
			for _, text := range texts {
				m := bridges.Message{Chat: s.Chat, From: a.Self, Key: "key of " + text, Text: text}
				if _, err := session.Send(ctx, m); err != nil {
					t.Errorf("%s: %v", text, err)
				}
			}
		})
	}
	wg.Wait()
	for _, a := range []bridges.Account{s.Account, s.Second} {
		s.read("two:", a, all[a.ID], slices.Repeat([]fate{sent}, each))
	}
}

// checkNobody wants what is said to no account to be nobody's, and what comes
// after it to come.
func checkNobody(t *testing.T, s Subject) {
	s.Network.Say(t, s.Nobody, "nobody: is there")
	s.Network.Say(t, s.Account.Self, "nobody: but me")
	s.told("nobody:", s.Account, []string{"nobody: but me"})
}

// checkFollows wants one adapter to go on where another ended in order.
func checkFollows(t *testing.T, s Subject) {
	s.play("first", true)
	s.over()
	s.Network.Say(t, s.Account.Self, "between: two lives")
	s.begin()
	s.told("between:", s.Account, []string{"between: two lives"})
	s.play("second", false)
}

// hold has the line hold each request from now on; held tells when the first one
// came, and release lets all go.
func (w *world) hold() (held <-chan struct{}, release func()) {
	came, free := make(chan struct{}), make(chan struct{})
	var first, once sync.Once
	w.Line.set(func(x Step) Verdict {
		if x == Asked {
			first.Do(func() { close(came) })
			<-free
		}
		return w.fuse.step(onLine, x)
	})
	release = func() { once.Do(func() { close(free) }) }
	w.t.Cleanup(release)
	return came, release
}

// checkClose wants Close to wait for a Send.
func checkClose(t *testing.T, s Subject) {
	if s.Line == nil {
		return
	}
	session := s.open(t.Context(), t)
	held, release := s.hold()
	answered, closed := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	ctx, waits := waiting(ctx)
	go func() {
		defer close(answered)
		if _, err := session.Send(ctx, s.message("close: slowly")); err != nil {
			t.Error(err)
		}
	}()
	s.soon("a Send that waits", waits)
	s.soon("a request", held)
	go func() {
		defer close(closed)
		if err := session.Close(); err != nil {
			t.Error(err)
		}
	}()
	early := false
	for range 1000 {
		runtime.Gosched()
		select {
		case <-closed:
			early = true
		default:
		}
	}
	release()
	if early {
		t.Error("Close does not wait for a Send")
	}
	s.soon("the answer", answered)
	s.soon("the end of the session", closed)
}

// soon waits for what must come.
func (w *world) soon(what string, c <-chan struct{}) {
	w.t.Helper()
	select {
	case <-c:
	case <-time.After(2 * limit):
		w.t.Fatalf("in vain waited for %s", what)
	}
}

// checkSlow wants a Send to return when its context ends while the network has the
// message in its hands; then nobody knows, and what is tried again is not doubled.
func checkSlow(t *testing.T, s Subject) {
	if s.Line == nil {
		return
	}
	session := s.open(t.Context(), t)
	held, release := s.hold()
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan struct{})
	m := s.message("slow: one")
	m.Key = "key of " + m.Text
	var err error
	go func() {
		defer close(answered)
		_, err = session.Send(ctx, m)
	}()
	s.soon("a request", held)
	cancel()
	s.soon("the end of a Send whose context has ended", answered)
	release()
	what := doubted
	if err == nil {
		what = sent
	} else {
		s.checkError(t, err)
	}
	switch k := bridges.KindOf(err); {
	case err == nil || k == bridges.Unknown && s.Bridge.Info().Unknown == bridges.Report:
	case k != bridges.Temporary && k != bridges.Unknown:
		t.Errorf("%v, of kind %d, from a network that is slow", err, k)
	default:
		what = s.send(s.Account, m.Text)
	}
	texts := []string{m.Text, "slow: two"}
	s.read("slow:", s.Account, texts, []fate{what, s.send(s.Account, texts[1])})
	if err := session.Close(); err != nil {
		t.Error(err)
	}
}
