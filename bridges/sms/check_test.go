package sms

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
)

// bindCentre answers one bind, once all have come.
func bindCentre(t *testing.T, all *sync.WaitGroup) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		header := make([]byte, 16)
		if _, err := io.ReadFull(c, header); err != nil {
			return
		}
		io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint32(header))-16)
		all.Done()
		all.Wait()
		c.Write([]byte("\x00\x00\x00\x11\x80\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x01\x00"))
		io.ReadFull(c, header) // the unbind
	}()
	return l.Addr().String()
}

// Connectors are checked side by side: silent ones share the time that there is.
func TestCheckSideBySide(t *testing.T) {
	var all sync.WaitGroup
	all.Add(2)
	c := config(bindCentre(t, &all), bindCentre(t, &all))
	if err := newBridge(t, c).Check(t.Context()); err != nil {
		t.Error(err)
	}
}
