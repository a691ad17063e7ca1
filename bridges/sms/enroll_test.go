package sms

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
)

func TestEnroll(t *testing.T) {
	b := newBridge(t, config("127.0.0.1:1"))
	away := errors.New("the store is away")
	for _, c := range []struct {
		name  string
		taken []bridges.UserID
		free  map[bridges.UserID]time.Time // since then
		fails error
		want  bridges.UserID
		kind  bridges.Kind
	}{
		{name: "the first", want: number},
		{name: "the next", taken: []bridges.UserID{number}, want: "+12025550198"},
		{name: "one that nobody had", free: map[bridges.UserID]time.Time{number: time.Unix(1, 0)}, want: "+12025550198"},
		{name: "none is free", taken: []bridges.UserID{number, "+12025550198"}, kind: bridges.Quota},
		{name: "nobody knows", fails: away},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := b.Enroll(t.Context(), bridges.Registration{
				Account:  alice,
				Taken:    func(id bridges.UserID) (bool, error) { return slices.Contains(c.taken, id), c.fails },
				Released: func(id bridges.UserID) (time.Time, bool, error) { return c.free[id], false, nil },
			})
			switch {
			case c.fails != nil:
				if !errors.Is(err, c.fails) {
					t.Errorf("error %v", err)
				}
			case c.want == "":
				wantError(t, err, c.kind, "operator")
			case err != nil || e.Self != c.want || !strings.Contains(e.Welcome, string(c.want)):
				t.Errorf("%+v, %v", e, err)
			}
		})
	}
}

func TestNewRefusesWhatWasNotChecked(t *testing.T) {
	if _, err := New(DefaultConfig(), slogDiscard, registry(), nil); err == nil || !strings.Contains(err.Error(), "region") {
		t.Errorf("error %v", err)
	}
}
