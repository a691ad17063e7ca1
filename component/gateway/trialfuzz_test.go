package gateway

import (
	"testing"

	"causeway/bridges/takeover"
	"causeway/mapping"
)

// FuzzDecodeTrial gives the table what another program may have left there.
func FuzzDecodeTrial(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3, 2})
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 255, 255})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		x, ok := decodeTrial(b)
		if !ok {
			return
		}
		x.slot = takeover.NewSlot(make([]byte, takeover.SlotSize(trialSize)))
		x.write()
		y, ok := decodeTrial(x.slot.Get())
		if !ok || y.key != x.key || y.flags != x.flags || y.deaths != x.deaths {
			t.Errorf("%v became %v", x, y)
		}
	})
}

// FuzzHead reads the first tag of anything.
func FuzzHead(f *testing.F) {
	f.Add([]byte("<message from='a@b/c' to='d' id='1' type='chat'><body>x</body></message>"))
	f.Add([]byte("<iq"))
	f.Add([]byte("<!DOCTYPE x [<!ENTITY y 'z'>]><presence from='&y;'/>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := headOf(mapping.Record{Kind: mapping.FromXMPP, Data: b})
		if o, ok := errKills.Reply(&s); ok && len(o.Append(nil)) == 0 {
			t.Error("an empty answer")
		}
	})
}
