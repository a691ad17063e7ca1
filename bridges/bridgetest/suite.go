package bridgetest

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"causeway/bridges"
)

// Subject is an Adapter that runs, as a check sees it.
type Subject struct {
	*world
	Bridge bridges.Bridge
}

// limit bounds one call of the suite.
const limit = time.Minute

// Suite checks what the contract in package bridges asks of every adapter. of makes
// one on a network of its own, and cleans up with the test.
func Suite(t *testing.T, of func(t *testing.T) Adapter) {
	checkDays(t, of)
	checkEachStep(t, of, 1)
}

// RealSuite is the Suite for what takes its time, as a network that is one for all, where of
// makes one more adapter: nothing is done at the same time, and faults happen at every each-th
// step only.
func RealSuite(t *testing.T, of func(t *testing.T) Adapter, each int) {
	checkDays(t, of)
	checkEachStep(t, of, each)
}

// checkDays checks good days and bad ones.
func checkDays(t *testing.T, of func(t *testing.T) Adapter) {
	open := func(t *testing.T) Subject {
		w := newWorld(t, of(t))
		return Subject{w, w.life.bridge}
	}
	t.Run("info is stable and complete", func(t *testing.T) { checkInfo(t, open(t)) })
	t.Run("addresses resolve to themselves", func(t *testing.T) { checkResolver(t, open(t)) })
	t.Run("hostile addresses are refused", func(t *testing.T) { checkHostile(t, open(t)) })
	t.Run("enrolling stores nothing", func(t *testing.T) { checkEnroller(t, open(t)) })
	t.Run("parts become a text", func(t *testing.T) { checkAssembler(t, open(t)) })
	t.Run("messages get ids", func(t *testing.T) { checkSend(t, open(t)) })
	t.Run("any text is taken or refused", func(t *testing.T) { checkTexts(t, open(t)) })
	t.Run("a send says that it waits", func(t *testing.T) { checkWaits(t, open(t)) })
	t.Run("a cancelled send returns", func(t *testing.T) { checkCancel(t, open(t)) })
	t.Run("the same message twice is one", func(t *testing.T) { checkTwice(t, open(t)) })
	t.Run("a session can what info says", func(t *testing.T) { checkCan(t, open(t)) })
	t.Run("settings are complete", func(t *testing.T) { checkConfigurer(t, open(t)) })
	t.Run("people are told of", func(t *testing.T) { checkPeople(t, open(t)) })
	t.Run("owners are introduced", func(t *testing.T) { checkIntroducer(t, open(t)) })
	t.Run("owners are there or not", func(t *testing.T) { checkPresenter(t, open(t)) })
	t.Run("people are there or not", func(t *testing.T) { checkProber(t, open(t)) })
	t.Run("accounts are done with people, and end", func(t *testing.T) { checkEnds(t, open(t)) })
	t.Run("files are taken and given", func(t *testing.T) { checkFiles(t, open(t)) })
	t.Run("what people do comes", func(t *testing.T) { checkActs(t, open(t)) })
	t.Run("people ask to be contacts", func(t *testing.T) { checkAsks(t, open(t)) })
	t.Run("contacts are listed", func(t *testing.T) { checkLister(t, open(t)) })
	t.Run("signs of people come", func(t *testing.T) { checkHints(t, open(t)) })
	t.Run("signs of owners are seen", func(t *testing.T) { checkSights(t, open(t)) })
	t.Run("sessions close and open again", func(t *testing.T) { checkReopen(t, open(t)) })
	t.Run("sessions close when they are done", func(t *testing.T) { checkClose(t, open(t)) })
	t.Run("two talk at once", func(t *testing.T) { checkTwo(t, open(t)) })
	t.Run("a text to nobody harms nobody", func(t *testing.T) { checkNobody(t, open(t)) })
	t.Run("one adapter follows another", func(t *testing.T) { checkFollows(t, open(t)) })
	t.Run("a slow network", func(t *testing.T) { checkSlow(t, open(t)) })
	t.Run("no network", func(t *testing.T) { checkAway(t, open(t)) })
}

func checkInfo(t *testing.T, s Subject) {
	i := s.Bridge.Info()
	if i.Type == "" || i.Name == "" || i.Client == "" {
		t.Errorf("type %q, name %q and client %q must be set", i.Type, i.Name, i.Client)
	}
	if !reflect.DeepEqual(i, s.Bridge.Info()) {
		t.Error("Info changed between two calls")
	}
	checkFields(t, i.Fields)
}

func checkResolver(t *testing.T, s Subject) {
	r, ok := s.Bridge.(bridges.Resolver)
	if !ok {
		return
	}
	for _, local := range s.Good {
		id, err := r.Resolve(local)
		var e *bridges.Error
		if errors.As(err, &e) && e.Kind == bridges.Gone {
			id, err = r.Resolve(string(e.Instead))
		}
		if err != nil {
			t.Errorf("Resolve(%q): %v", local, err)
			continue
		}
		if again, err := r.Resolve(string(id)); err != nil || again != id {
			t.Errorf("Resolve(%q) = %q, %v; an id must resolve to itself", id, again, err)
		}
		s.checkSpeller(t, r, id)
	}
	for _, local := range append(s.Bad, "", strings.Repeat("x", 1024), "\xff\x00") {
		if id, err := r.Resolve(local); err == nil {
			t.Errorf("Resolve(%q) = %q, want an error", local, id)
		} else {
			s.checkError(t, err)
		}
	}
}

// checkSpeller wants the id again of what people read.
func (s Subject) checkSpeller(t *testing.T, r bridges.Resolver, id bridges.UserID) {
	t.Helper()
	sp, ok := s.Bridge.(bridges.Speller)
	if !ok {
		return
	}
	var e *bridges.Error
	again, err := r.Resolve(sp.Spell(id))
	if errors.As(err, &e) && e.Kind == bridges.Gone {
		again, err = e.Instead, nil
	}
	if err != nil || again != id {
		t.Errorf("Resolve(%q) = %q, %v; it is spelled so", sp.Spell(id), again, err)
	}
}

func checkEnroller(t *testing.T, s Subject) {
	e, ok := s.Bridge.(bridges.Enroller)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	r := bridges.Registration{
		Account: s.Account.ID, Fields: s.Fields,
		Taken:    func(bridges.UserID) (bool, error) { return false, nil },
		Released: func(bridges.UserID) (time.Time, bool, error) { return time.Time{}, false, nil },
	}
	one, err := e.Enroll(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	if one.Ask != nil {
		t.Fatalf("the fields of the suite do not register: %+v is asked", one.Ask)
	}
	if two, err := e.Enroll(ctx, r); err != nil || one.Self != two.Self {
		t.Errorf("the same wish got %q and then %q, %v", one.Self, two.Self, err)
	}
	if one.Self == "" || one.Welcome == "" {
		t.Errorf("enrollment %+v is incomplete", one)
	}
	boom := errors.New("the store is away")
	r.Released = func(bridges.UserID) (time.Time, bool, error) { return time.Time{}, false, boom }
	if _, err := e.Enroll(ctx, r); err != nil {
		s.checkSecrets(t, err)
	}
	r.Taken = func(bridges.UserID) (bool, error) { return false, boom }
	if _, err := e.Enroll(ctx, r); err != nil {
		s.checkSecrets(t, err)
	}
}

func checkSend(t *testing.T, s Subject) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	session := s.open(ctx, t)
	seen := map[bridges.MessageID]bool{}
	for _, text := range []string{"plain", "naïve 🙂", strings.Repeat("long ", 200)} {
		ids, err := session.Send(ctx, s.message(text))
		if err != nil {
			t.Fatalf("%.20q: %v", text, err)
		}
		for _, id := range ids {
			if id == "" || seen[id] {
				t.Errorf("%.20q: id %q is empty or not unique", text, id)
			}
			seen[id] = true
		}
		s.checkReply(ctx, t, session, ids)
	}
	if err := session.Close(); err != nil {
		t.Error(err)
	}
}

func checkCancel(t *testing.T, s Subject) {
	session := s.open(t.Context(), t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan error, 1)
	go func() {
		_, err := session.Send(ctx, s.message("late"))
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			s.checkSecrets(t, err)
		}
	case <-time.After(limit):
		t.Error("Send does not return when its context has ended")
	}
	if err := session.Close(); err != nil {
		t.Error(err)
	}
}

func checkReopen(t *testing.T, s Subject) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for range 2 {
		if err := s.open(ctx, t).Close(); err != nil {
			t.Error(err)
		}
	}
}

func (s Subject) open(ctx context.Context, t *testing.T) bridges.Session {
	t.Helper()
	session, err := s.Bridge.Open(ctx, s.Account)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func (s Subject) message(text string) bridges.Message {
	return bridges.Message{Chat: s.Chat, From: s.Account.Self, Key: "suite." + text, Text: text}
}

// checkError wants an error with words for the user and without secrets.
func (s Subject) checkError(t *testing.T, err error) {
	t.Helper()
	var e *bridges.Error
	if !errors.As(err, &e) {
		t.Errorf("%v is no *bridges.Error", err)
		return
	}
	if e.Text == "" || !utf8.ValidString(e.Text) {
		t.Errorf("error of kind %d has the text %q", e.Kind, e.Text)
	}
	s.checkSecrets(t, err)
}

func (s Subject) checkSecrets(t *testing.T, err error) {
	t.Helper()
	for _, x := range s.Secrets {
		if strings.Contains(err.Error(), x) {
			t.Errorf("a secret is in the error: %v", err)
		}
	}
}
