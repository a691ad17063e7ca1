package matrix

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash/fnv"
	"strings"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
)

// as returns the ghost as a client of the homeserver.
func (b *Bridge) as(ghost bridges.UserID) *client.User { return b.server.As(userID(ghost)) }

// appear makes the ghost of an account, and gives it its name, unless the notes
// say that this was done.
func (b *Bridge) appear(ctx context.Context, id bridges.UserID, account bridges.AccountID) error {
	g, err := b.book.look(ctx).ghost(id)
	if err != nil || g.Name == b.nameOf(account, g.Called) {
		return err
	}
	defer b.dressing.of(id)()
	if g, err = b.book.look(ctx).ghost(id); err != nil {
		return err
	}
	return b.rename(ctx, id, account, g, g.Called)
}

// appears is appear for the bot, too, which is nobody's.
func (b *Bridge) appears(ctx context.Context, id bridges.UserID, account bridges.AccountID) error {
	if b.isBot(id) {
		return b.appearBot(ctx)
	}
	return b.appear(ctx, id, account)
}

// turns has only one at a time do something about a user: there are some locks, and
// each user has one of them.
type turns [64]sync.Mutex

// of locks a user, and returns what unlocks it.
func (d *turns) of(id bridges.UserID) (unlock func()) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	m := &d[h.Sum32()%uint32(len(d))]
	m.Lock()
	return m.Unlock
}

// rename gives a ghost, of which g is noted, the name of who is called so. The
// caller has locked it.
func (b *Bridge) rename(ctx context.Context, id bridges.UserID, account bridges.AccountID, g ghost, called string) error {
	want := b.nameOf(account, called)
	if g.Name == want && g.Called == called {
		return nil
	}
	u := b.as(id)
	if g.Name == "" {
		if err := u.Register(ctx); err != nil {
			return err
		}
	}
	if g.Name != want {
		if err := u.SetName(ctx, want); err != nil {
			return err
		}
	}
	return b.noteGhost(ctx, id, func(g *ghost) { g.Name, g.Called = want, called })
}

// noteGhost changes what is noted of a ghost.
func (b *Bridge) noteGhost(ctx context.Context, id bridges.UserID, f func(g *ghost)) error {
	return b.book.change(ctx, func(p *page) error {
		g, err := p.ghost(id)
		if err != nil {
			return err
		}
		f(&g)
		return p.set(ghostNotes+string(id), g)
	})
}

// Introduce implements bridges.Introducer: the ghost, which is made if there is
// none, gets its owner's name and picture.
func (b *Bridge) Introduce(ctx context.Context, account bridges.Account, me bridges.Profile) error {
	id := account.Self
	defer b.dressing.of(id)()
	g, err := b.book.look(ctx).ghost(id)
	if err == nil {
		err = b.rename(ctx, id, account.ID, g, me.Name)
	}
	if err == nil && g.Picture != hashOf(me.Picture) {
		if g.Name != "" && g.Name != b.nameOf(account.ID, me.Name) {
			b.rest(ctx)
		}
		err = b.show(ctx, id, me.Picture)
	}
	return b.failed(err, bridges.Temporary)
}

// profileGap is between two changes of one profile.
//
// COMPAT: Synapse tells the rooms of a change in the background, and one that
// comes meanwhile only a minute later.
const profileGap = 2 * time.Second

// rest lets the homeserver tell the rooms of a change.
func (b *Bridge) rest(ctx context.Context) {
	t := time.NewTimer(b.gap)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// hashOf is by what a picture is noted; that of none is empty.
func hashOf(picture []byte) string {
	if picture == nil {
		return ""
	}
	sum := sha256.Sum256(picture)
	return hex.EncodeToString(sum[:])
}

// show gives a ghost a picture, or takes away the one it has.
func (b *Bridge) show(ctx context.Context, id bridges.UserID, picture []byte) error {
	u, mxc := b.as(id), ""
	if picture != nil {
		var err error
		if mxc, err = u.Upload(ctx, bytes.NewReader(picture), int64(len(picture)), "image/png", "avatar.png"); err != nil {
			return err
		}
	}
	if err := u.SetAvatar(ctx, mxc); err != nil {
		return err
	}
	return b.noteGhost(ctx, id, func(g *ghost) { g.Picture = hashOf(picture) })
}

// longestName bounds what a ghost is called, in characters: Synapse takes 256.
const longestName = 200

// nameOf returns what the ghost of an account is called, whose owner is called so,
// or nobody knows how.
func (b *Bridge) nameOf(account bridges.AccountID, called string) string {
	jid := string(account)
	local, _, _ := strings.Cut(jid, "@")
	if called == "" {
		called = local
	}
	name := []rune(strings.NewReplacer("{name}", called, "{jid}", jid, "{local}", local).Replace(b.cfg.UserName))
	if len(name) > longestName {
		name = append(name[:longestName-1], '…')
	}
	return string(name)
}

// HasUser implements appservice.Handler: the ghosts of registered accounts are
// there as soon as somebody asks for them.
func (b *Bridge) HasUser(ctx context.Context, user string) (bool, error) {
	id := personOf(user)
	if b.isBot(id) {
		return true, b.appearBot(ctx)
	}
	if !b.ghosts.owns(id) {
		return false, nil
	}
	account, ok, err := b.host.Owner(ctx, id)
	if err != nil || !ok {
		return false, err
	}
	return true, b.appear(ctx, id, account)
}

// HasAlias implements appservice.Handler: rooms have no names here.
func (b *Bridge) HasAlias(context.Context, string) (bool, error) { return false, nil }
