package matrix

import (
	"context"
	"strings"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
)

// as returns the ghost as a client of the homeserver.
func (b *Bridge) as(ghost bridges.UserID) *client.User { return b.server.As(userID(ghost)) }

// appear makes the ghost of an account, and gives it its name, unless the notes
// say that this was done.
func (b *Bridge) appear(ctx context.Context, id bridges.UserID, account bridges.AccountID) error {
	g, err := b.book.look(ctx).ghost(id)
	want := b.nameOf(account)
	if err != nil || g.Name == want {
		return err
	}
	u := b.as(id)
	if g.Name == "" {
		if err := u.Register(ctx); err != nil {
			return err
		}
	}
	if err := u.SetName(ctx, want); err != nil {
		return err
	}
	return b.book.change(ctx, func(p *page) error { return p.set(ghostNotes+string(id), ghost{Name: want}) })
}

// longestName bounds what a ghost is called, in characters: Synapse takes 256.
const longestName = 200

// nameOf returns what the ghost of an account is called.
func (b *Bridge) nameOf(account bridges.AccountID) string {
	jid := string(account)
	local, _, _ := strings.Cut(jid, "@")
	name := []rune(strings.NewReplacer("{jid}", jid, "{local}", local).Replace(b.cfg.UserName))
	if len(name) > longestName {
		name = append(name[:longestName-1], '…')
	}
	return string(name)
}

// HasUser implements appservice.Handler: the ghosts of registered accounts are
// there as soon as somebody asks for them.
func (b *Bridge) HasUser(ctx context.Context, user string) (bool, error) {
	id := personOf(user)
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
