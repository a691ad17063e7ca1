package storetest

import "causeway/mapping"

func (k *kase) wantSwitches(bridge string, want map[string]string) {
	k.Helper()
	got, err := k.Switches(k.Context(), bridge)
	k.ok(err)
	k.equal(got, want)
}

// testSwitches: each bridge has its own, and they outlive a crash.
func testSwitches(k *kase) {
	k.wantSwitches(sms, map[string]string{})
	k.commit(&mapping.Batch{PutSwitch: []mapping.Switch{{Bridge: sms, Name: "off", Value: "1"}, {Bridge: sms, Name: "told", Value: "alice"}, {Bridge: other, Name: "off", Value: "2"}}})
	k.crash()
	k.wantSwitches(sms, map[string]string{"off": "1", "told": "alice"})
	k.Behind(&mapping.Batch{PutSwitch: []mapping.Switch{{Bridge: sms, Name: "off", Value: ""}, {Bridge: sms, Name: "told", Value: "bob"}, {Bridge: sms, Name: "never", Value: ""}}})
	k.wantSwitches(sms, map[string]string{"told": "bob"})
	k.wantSwitches(other, map[string]string{"off": "2"})
	k.reopen()
	k.wantSwitches(sms, map[string]string{"told": "bob"})
}
