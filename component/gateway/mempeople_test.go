package gateway

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

func (s *memState) applyPeople(b *mapping.Batch) {
	for _, a := range b.PutAccounts {
		s.release(a.ID)
		s.accounts[a.ID] = a
		delete(s.released, a.Self)
	}
	for _, c := range b.PutContacts {
		s.contacts[contactKey(c.Account, c.ID)] = c
	}
	for _, c := range b.DeleteContacts {
		delete(s.contacts, contactKey(c.Account, c.ID))
	}
	for _, a := range b.DeleteAccounts {
		s.release(a.ID)
		delete(s.accounts, a.ID)
		maps.DeleteFunc(s.contacts, func(_ string, c mapping.Contact) bool { return c.Account == a.ID })
		maps.DeleteFunc(s.messages, func(_ bridges.MessageID, x mapping.Message) bool { return x.Account == a.ID })
		maps.DeleteFunc(s.parked, func(_ mapping.Key, p mapping.Parked) bool { return p.Account == a.ID })
	}
}

func (s *memState) applySwitches(b *mapping.Batch) {
	for _, x := range b.PutSwitch {
		if s.switches[x.Name] = x.Value; x.Value == "" {
			delete(s.switches, x.Name)
		}
	}
}

func (s *memState) release(id bridges.AccountID) {
	if a, ok := s.accounts[id]; ok {
		s.released[a.Self] = release{id, time.Now()}
	}
}

func (m *memStore) Account(_ context.Context, _ string, id bridges.AccountID) (mapping.Account, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.state.accounts[id]
	return a, ok, nil
}

func (m *memStore) AccountBySelf(_ context.Context, _ string, self bridges.UserID) (mapping.Account, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.state.accounts {
		if a.Self == self {
			return a, true, nil
		}
	}
	return mapping.Account{}, false, nil
}

func (m *memStore) EachAccount(_ context.Context, _ string, f func(mapping.Account) error) error {
	m.mu.Lock()
	all := maps.Clone(m.state.accounts)
	m.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if err := f(all[id]); err != nil {
			return err
		}
	}
	return nil
}

func (m *memStore) Released(_ context.Context, _ string, self bridges.UserID, by bridges.AccountID) (time.Time, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.state.released[self]
	return r.at, ok && r.by == by, nil
}

func (m *memStore) Contact(_ context.Context, _ string, a bridges.AccountID, id bridges.ChatID) (mapping.Contact, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.state.contacts[contactKey(a, id)]
	return c, ok, nil
}

func (m *memStore) EachContact(_ context.Context, _ string, a bridges.AccountID, f func(mapping.Contact) error) error {
	m.mu.Lock()
	all := maps.Clone(m.state.contacts)
	m.mu.Unlock()
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if strings.HasPrefix(k, string(a)+" ") {
			if err := f(all[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memStore) Switches(context.Context, string) (map[string]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.state.switches), nil
}
