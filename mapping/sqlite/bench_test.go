package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// Run: go test -run '^$' -bench . ./mapping/sqlite

const (
	perCommit   = 100
	messageSize = 300
)

// meter reports what b.N commits cost, processor time of all threads included.
type meter struct {
	b     *testing.B
	start time.Time
	cpu   time.Duration
}

func processorTime() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func startMeter(b *testing.B) meter {
	b.ReportAllocs()
	b.ResetTimer()
	return meter{b, time.Now(), processorTime()}
}

func (m meter) stop(messages int) {
	m.b.StopTimer()
	took, cpu := time.Since(m.start), processorTime()-m.cpu
	m.b.ReportMetric(float64(messages)/took.Seconds(), "messages/s")
	m.b.ReportMetric(float64(cpu.Microseconds())/1000/float64(m.b.N), "cpu-ms/op")
}

func benchStore(b *testing.B) *Store {
	s := open(b, filepath.Join(b.TempDir(), "causeway.db"))
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

func benchCycle(n int) *mapping.Cycle {
	c := &mapping.Cycle{Bridge: "sms.example.org", Conn: 1, Alone: true}
	for i := range n {
		data := make([]byte, messageSize)
		for j := range data {
			data[j] = byte(i * j)
		}
		c.Records = append(c.Records, mapping.Record{Kind: mapping.FromXMPP, Data: data})
	}
	return c
}

// BenchmarkCeiling writes the same bytes to a bare file.
func BenchmarkCeiling(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "journal"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	blob := appendCycle(nil, benchCycle(perCommit).Records, time.Now())
	m := startMeter(b)
	for i := range b.N {
		if _, err := f.WriteAt(blob, int64(i%512)*int64(len(blob))); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
	}
	m.stop(b.N * perCommit)
}

// BenchmarkJournal commits cycles of a hundred messages; each is settled
// behind the next, as the link does.
func BenchmarkJournal(b *testing.B) {
	s := benchStore(b)
	c := benchCycle(perCommit)
	m := startMeter(b)
	for range b.N {
		c.First, c.Last = c.Last, c.Last+perCommit*messageSize
		if err := s.Commit(b.Context(), &mapping.Batch{Cycles: []*mapping.Cycle{c}}); err != nil {
			b.Fatal(err)
		}
		settle := &mapping.Batch{Settle: make([]mapping.Key, perCommit)}
		for i := range settle.Settle {
			settle.Settle[i] = mapping.Key{Cycle: c.ID, Index: uint32(i)}
		}
		s.Behind(settle)
	}
	m.stop(b.N * perCommit)
}

// BenchmarkJournalOne is a commit with one message, alone.
func BenchmarkJournalOne(b *testing.B) {
	s := benchStore(b)
	c := benchCycle(1)
	m := startMeter(b)
	for range b.N {
		if err := s.Commit(b.Context(), &mapping.Batch{Cycles: []*mapping.Cycle{c}}); err != nil {
			b.Fatal(err)
		}
		s.Behind(&mapping.Batch{Settle: []mapping.Key{{Cycle: c.ID}}})
	}
	m.stop(b.N)
}

// BenchmarkCallers: many callers with one message each share transactions. An
// op is one of theirs.
func BenchmarkCallers(b *testing.B) {
	s := benchStore(b)
	m := startMeter(b)
	b.SetParallelism(perCommit / 2)
	b.RunParallel(func(pb *testing.PB) {
		c := benchCycle(1)
		for pb.Next() {
			if err := s.Commit(b.Context(), &mapping.Batch{Cycles: []*mapping.Cycle{c}}); err != nil {
				b.Error(err)
			}
			s.Behind(&mapping.Batch{Settle: []mapping.Key{{Cycle: c.ID}}})
		}
	})
	m.stop(b.N)
}

// BenchmarkBehind is the whole of what a text costs the store after its
// journal: each settled by a batch of its own, with the row of its message.
func BenchmarkBehind(b *testing.B) {
	for _, rows := range []int{0, 1} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			s := benchStore(b)
			n := 0
			m := startMeter(b)
			for range b.N {
				c := benchCycle(perCommit)
				if err := s.Commit(b.Context(), &mapping.Batch{Cycles: []*mapping.Cycle{c}}); err != nil {
					b.Fatal(err)
				}
				for i := range perCommit {
					n++
					s.Behind(settlement(c.ID, i, n, rows))
				}
			}
			if err := s.flush(b.Context()); err != nil {
				b.Fatal(err)
			}
			m.stop(b.N * perCommit)
		})
	}
}

func settlement(cycle uint64, i, n, rows int) *mapping.Batch {
	b := &mapping.Batch{Settle: []mapping.Key{{Cycle: cycle, Index: uint32(i)}}}
	for range rows {
		b.PutMessages = append(b.PutMessages, mapping.Message{
			Bridge: "sms.example.org", ID: bridges.MessageID(fmt.Sprintf("%016x", uint32(n)*2654435761)),
			Account: "alice@example.org", Chat: "+12025550100", Stanza: fmt.Sprintf("%08x-0000-4000-8000-000000000000", uint32(n)*2246822519),
			Resource: "phone", Receipt: true, Parts: 1, At: time.Now(),
		})
	}
	return b
}

// BenchmarkMessageByID finds messages among many, and one that is not there.
func BenchmarkMessageByID(b *testing.B) {
	s := benchStore(b)
	const n = 50_000
	for i := 0; i < n; i += perCommit {
		batch := new(mapping.Batch)
		for j := range perCommit {
			batch.PutMessages = append(batch.PutMessages, settlement(0, 0, i+j, 1).PutMessages...)
		}
		if err := s.Commit(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	for _, there := range []bool{true, false} {
		b.Run(fmt.Sprintf("there=%t", there), func(b *testing.B) {
			m := startMeter(b)
			for i := range b.N {
				k := i % n
				if !there {
					k += n
				}
				_, ok, err := s.MessageByID(b.Context(), "sms.example.org", settlement(0, 0, k, 1).PutMessages[0].ID)
				if ok != there || err != nil {
					b.Fatal(ok, err)
				}
			}
			m.stop(b.N)
		})
	}
}

// BenchmarkNotes: a bridge keeps ten notes with each commit, and finds one of
// as many as there are then.
func BenchmarkNotes(b *testing.B) {
	s := benchStore(b)
	const some = 10
	notes, key := mapping.NotesOf(s, "sms.example.org"), func(i int) string { return fmt.Sprintf("room/%016x", uint32(i)*2654435761) }
	b.Run("keep", func(b *testing.B) {
		m := startMeter(b)
		for i := range b.N {
			changes := map[string][]byte{}
			for j := range some {
				changes[key(i*some+j)] = make([]byte, messageSize)
			}
			if err := notes.Keep(b.Context(), changes); err != nil {
				b.Fatal(err)
			}
		}
		m.stop(b.N * some)
	})
	b.Run("find", func(b *testing.B) {
		m := startMeter(b)
		for i := range b.N {
			if _, _, err := notes.Note(b.Context(), key(i)); err != nil {
				b.Fatal(err)
			}
		}
		m.stop(b.N)
	})
}

// BenchmarkContacts reads the ten contacts of an account, as each log-in does.
func BenchmarkContacts(b *testing.B) {
	s := benchStore(b)
	const some = 10
	batch := new(mapping.Batch)
	for i := range 100 * some {
		batch.PutContacts = append(batch.PutContacts, mapping.Contact{
			Bridge: "sms.example.org", Account: bridges.AccountID(fmt.Sprint("user", i/some)), ID: bridges.ChatID(fmt.Sprint("+", i)),
		})
	}
	if err := s.Commit(b.Context(), batch); err != nil {
		b.Fatal(err)
	}
	m := startMeter(b)
	for i := range b.N {
		n := 0
		err := s.EachContact(b.Context(), "sms.example.org", bridges.AccountID(fmt.Sprint("user", i%100)), func(mapping.Contact) error { n++; return nil })
		if n != some || err != nil {
			b.Fatal(n, err)
		}
	}
	m.stop(b.N)
}
