package bridges

import (
	"errors"
	"testing"
	"time"
)

func TestChoose(t *testing.T) {
	away := errors.New("the store is away")
	day := func(n int) time.Time { return time.Unix(1_700_000_000, 0).AddDate(0, 0, n) }
	// What is known of each identity: t taken, n nobody ever had it, o it was
	// the account's own, 1 to 9 the day on which another gave it back, T and R
	// an error of Taken and of Released.
	for _, c := range []struct {
		name, pool, want string
		err              error
	}{
		{name: "the first that nobody had", pool: "tnn", want: "b"},
		{name: "one that nobody had before one given back", pool: "31n", want: "c"},
		{name: "the account's own before one that nobody had", pool: "n1o", want: "c"},
		{name: "the one that is free for longest", pool: "5t27", want: "c"},
		{name: "the first of two free since one moment", pool: "t33", want: "b"},
		{name: "the only one", pool: "1", want: "a"},
		{name: "none is free", pool: "tt"},
		{name: "no pool"},
		{name: "nobody knows what is taken", pool: "nT", err: away},
		{name: "nobody knows what was given back", pool: "nR", err: away},
	} {
		t.Run(c.name, func(t *testing.T) {
			known := func(id UserID) byte { return c.pool[id[0]-'a'] }
			r := Registration{
				Taken: func(id UserID) (bool, error) {
					if known(id) == 'T' {
						return false, away
					}
					return known(id) == 't', nil
				},
				Released: func(id UserID) (time.Time, bool, error) {
					switch k := known(id); k {
					case 'R':
						return time.Time{}, false, away
					case 'n':
						return time.Time{}, false, nil
					default:
						return day(int(k)), k == 'o', nil
					}
				},
			}
			var pool []UserID
			for i := range c.pool {
				pool = append(pool, UserID(rune('a'+i)))
			}
			id, ok, err := r.Choose(pool)
			if string(id) != c.want || ok != (c.want != "") || !errors.Is(err, c.err) {
				t.Errorf("%q, %t, %v", id, ok, err)
			}
		})
	}
}
