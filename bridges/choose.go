package bridges

import "time"

// Choose returns the identity of a pool that shall belong to whoever registers:
// the one that the account has or had last; else the first that nobody had;
// else the one that is free for longest, because people still write to whoever
// had it. ok is false when all are taken. It blocks on the store: two reads for
// each identity. Errors are those of Taken and Released.
func (r Registration) Choose(pool []UserID) (id UserID, ok bool, err error) {
	var since time.Time // id is free since then; zero: always
	for _, x := range pool {
		taken, err := r.Taken(x)
		if err != nil {
			return "", false, err
		}
		if taken {
			continue
		}
		at, own, err := r.Released(x)
		switch {
		case err != nil:
			return "", false, err
		case own:
			return x, true, nil
		case !ok || at.Before(since):
			id, since, ok = x, at, true
		}
	}
	return id, ok, nil
}
