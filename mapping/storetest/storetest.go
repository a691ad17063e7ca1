// Package storetest is the conformance suite that every store runs on itself,
// and a disk that is full.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// Backend makes the stores of one case.
type Backend interface {
	// Open opens the case's store, which is empty at first. The backend
	// closes what is open at the end of the case.
	Open(t *testing.T) mapping.Store
	// Crash ends the open store as a kill of its process does: what is not
	// on disk is lost. The next Open finds what is left.
	Crash(t *testing.T)
	// Sweep deletes from the open store what is too old at a time.
	Sweep(t *testing.T, now time.Time)
}

// Suite tries the promises of mapping.Store. newBackend is called once a case.
func Suite(t *testing.T, newBackend func(t *testing.T) Backend) {
	for name, f := range map[string]func(k *kase){
		"journal/keys grow":                testKeys,
		"journal/replay":                   testReplay,
		"journal/settle parts":             testSettleParts,
		"journal/settled twice":            testSettledTwice,
		"journal/crash":                    testCrash,
		"journal/crash loses what behind":  testCrashBehind,
		"journal/clean":                    testClean,
		"journal/offsets":                  testOffsets,
		"journal/alone":                    testAlone,
		"journal/accepted":                 testAccepted,
		"journal/empty":                    testEmpty,
		"journal/replay stops":             testReplayStops,
		"journal/replay pages":             testReplayPages,
		"journal/context":                  testContext,
		"journal/together":                 testTogether,
		"parked/waiting":                   testWaiting,
		"parked/backlogs":                  testBacklogs,
		"parked/settle":                    testParkedSettle,
		"parked/update":                    testParkedUpdate,
		"people/accounts":                  testAccounts,
		"people/taken":                     testTaken,
		"people/taken harms only its own":  testTakenAmongOthers,
		"people/delete":                    testDeleteAccount,
		"people/released":                  testReleased,
		"people/released and swept":        testReleasedSwept,
		"people/pages, f calls the store":  testPages,
		"people/contacts":                  testContacts,
		"messages/by id":                   testMessages,
		"messages/parts":                   testParts,
		"messages/sent":                    testSent,
		"messages/once":                    testOnce,
		"quarantine":                       testQuarantine,
		"switches":                         testSwitches,
		"notes":                            testNotes,
		"notes/by prefix":                  testNotesPrefix,
		"notes/pages, f calls the store":   testNotesPages,
		"notes/behind":                     testNotesBehind,
		"notes/stay":                       testNotesStay,
		"notes/of a bridge":                testNotesOf,
		"behind/shown at once":             testBehindShown,
		"behind/in order with commits":     testBehindOrder,
		"behind/done":                      testDone,
		"retention":                        testRetention,
		"retention/spares what is awaited": testRetentionSpares,
	} {
		t.Run(name, func(t *testing.T) {
			k := &kase{T: t, backend: newBackend(t)}
			k.open()
			f(k)
		})
	}
}

// kase is one case with its store.
type kase struct {
	*testing.T
	backend Backend
	mapping.Store
}

func (k *kase) open() { k.Store = k.backend.Open(k.T) }

// reopen closes the store in order and opens it again.
func (k *kase) reopen() {
	k.Helper()
	k.ok(k.Close())
	k.open()
}

func (k *kase) crash() {
	k.backend.Crash(k.T)
	k.open()
}

func (k *kase) ok(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *kase) equal(got, want any) {
	k.Helper()
	if !reflect.DeepEqual(got, want) {
		k.Fatalf("got  %.2000s\nwant %.2000s", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want))
	}
}

func (k *kase) commit(b *mapping.Batch) {
	k.Helper()
	k.ok(k.Commit(k.Context(), b))
}

const (
	sms   = "sms.example.org"
	other = "other.example.org"
	alice = bridges.AccountID("alice@example.org")
	bob   = bridges.AccountID("bob@example.org")
)

// start is the moment at which all cases begin.
var start = time.Unix(1_700_000_000, 123_456_789)

// cycle makes a cycle of texts.
func cycle(bridge string, texts ...string) *mapping.Cycle {
	c := &mapping.Cycle{Bridge: bridge}
	for _, s := range texts {
		c.Records = append(c.Records, mapping.Record{Kind: mapping.FromXMPP, Data: []byte(s)})
	}
	return c
}

// accept commits a cycle and returns the keys of its records.
func (k *kase) accept(c *mapping.Cycle) []mapping.Key {
	k.Helper()
	k.commit(&mapping.Batch{Cycles: []*mapping.Cycle{c}})
	keys := make([]mapping.Key, len(c.Records))
	for i := range keys {
		keys[i] = c.Key(i)
	}
	return keys
}

// replayed returns the texts that a replay of a bridge gives.
func (k *kase) replayed(bridge string) []string {
	k.Helper()
	texts := []string{}
	var last mapping.Key
	k.ok(k.Replay(k.Context(), bridge, func(key mapping.Key, r mapping.Record) error {
		if key.Cycle < last.Cycle || key.Cycle == last.Cycle && key.Index <= last.Index && last != (mapping.Key{}) {
			k.Fatalf("key %v after %v", key, last)
		}
		last = key
		texts = append(texts, string(r.Data))
		return nil
	}))
	return texts
}

var errStop = errors.New("stop")

// numbers returns n texts.
func numbers(n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprint(i)
	}
	return texts
}

func canceled(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}
