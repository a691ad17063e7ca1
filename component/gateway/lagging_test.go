package gateway

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

// On a network that knows a text again, what became of one is written with the next
// commit, and no text of the conversation begins before.
func TestLagging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemStore()
		registered(s, alice, number)
		s.lazy()
		info := bridgetest.Rich()
		info.Unknown = bridges.Idempotent
		l := stage(&world{t: t, info: info}, s)
		var onDisk []int // when the network is given a text
		goOn := make(chan struct{})
		l.bridge.OnSend(func(_ context.Context, m bridges.Message) ([]bridges.MessageID, error) {
			s.mu.Lock()
			onDisk = append(onDisk, len(s.disk.records))
			s.mu.Unlock()
			<-goOn
			return []bridges.MessageID{bridges.MessageID(m.Text)}, nil
		})
		before := s.commits
		l.receive(text("1", "one"), true)
		goOn <- struct{}{}
		synctest.Wait()
		l.receive(text("2", "two"), true) // with which the first is settled
		synctest.Wait()
		l.receive(text("3", "three"), true) // while the second is under way
		goOn <- struct{}{}
		synctest.Wait() // the third waits until the second is settled
		goOn <- struct{}{}
		synctest.Wait()
		if n := s.commits - before; n != 4 || !slices.Equal(onDisk, []int{1, 1, 1}) {
			t.Errorf("%d commits; unsettled on disk at each text: %d", n, onDisk)
		}
		l.cancel()
		<-l.ended
	})
}
