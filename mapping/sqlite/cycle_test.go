package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"reflect"
	"testing"
	"time"

	"causeway/mapping"
)

func TestCycleCodec(t *testing.T) {
	at := time.Unix(1_700_000_000, 1)
	for name, records := range map[string][]mapping.Record{
		"none":  {},
		"empty": {{Kind: mapping.ToXMPP, Data: []byte{}}},
		"some":  {{Kind: mapping.FromXMPP, Data: []byte("<message/>")}, {Kind: 200, Data: bytes.Repeat([]byte{7}, 1000)}},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range records {
				records[i].At = at
			}
			blob := appendCycle([]byte("before"), records, at)[len("before"):]
			got, err := decodeCycle(blob)
			if err != nil || !reflect.DeepEqual(got, records) {
				t.Fatalf("%v, %v", got, err)
			}
			for i := range blob { // any change is seen
				bad := bytes.Clone(blob)
				bad[i] ^= 0x10
				if _, err := decodeCycle(bad); !errors.Is(err, errDamaged) {
					t.Errorf("byte %d changed: %v", i, err)
				}
				if _, err := decodeCycle(blob[:i]); !errors.Is(err, errDamaged) {
					t.Errorf("cut at %d: %v", i, err)
				}
			}
		})
	}
}

// TestCycleFormat: what is on disks can be read for ever.
func TestCycleFormat(t *testing.T) {
	at := time.Unix(1_700_000_000, 1)
	for _, c := range []struct {
		blob []byte
		at   time.Time
	}{
		{sealed([]byte{1, 2, 1, 1, 'a', 3, 2, 'b', 'c'}), time.Time{}},
		{sealed([]byte{2, 0x81, 0x80, 0xa8, 0xb1, 0xe3, 0x9f, 0xe7, 0xcb, 0x17, 2, 1, 1, 'a', 3, 2, 'b', 'c'}), at},
	} {
		got, err := decodeCycle(c.blob)
		want := []mapping.Record{{Kind: 1, Data: []byte("a"), At: c.at}, {Kind: 3, Data: []byte("bc"), At: c.at}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%v, %v; written today: %x", got, err, appendCycle(nil, want, at))
		}
	}
	old := []byte{1, 2, 1, 1, 'a', 3, 2, 'b', 'c', 0x6b, 0x1d, 0x7a, 0xb6}
	if !bytes.Equal(old, sealed(old[:len(old)-4])) {
		t.Error("the sum is another")
	}
}

// FuzzCycle gives the decoder the right sum, so that it reads on.
func FuzzCycle(f *testing.F) {
	f.Add([]byte{1, 2, 1, 1, 'a', 3, 2, 'b', 'c'})
	f.Add([]byte{1, 0})
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{2, 0x81, 1, 1, 0})
	f.Add([]byte{3, 1, 1, 0})
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _ = decodeCycle(body)
		records, err := decodeCycle(sealed(body))
		if err != nil || len(records) == 0 || records[0].At.IsZero() {
			return
		}
		again, err := decodeCycle(appendCycle(nil, records, records[0].At))
		if err != nil || !reflect.DeepEqual(again, records) {
			t.Fatalf("%x: %v, then %v, %v", body, records, again, err)
		}
	})
}

// sealed appends the sum of body.
func sealed(body []byte) []byte {
	sum := crc32.Checksum(body, castagnoli)
	return binary.LittleEndian.AppendUint32(bytes.Clone(body), sum)
}
