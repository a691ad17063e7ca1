package client

import (
	"reflect"
	"strings"
	"testing"
)

// unknownDevice is what Synapse says of a device that is not there.
var unknownDevice = says(400, `{"errcode":"M_UNKNOWN_DEVICE","error":"Application service trying to use a device that doesn't exist"}`)

// What is sent, and from which device, as far as the homeserver has one.
func TestDevice(t *testing.T) {
	const (
		send  = "PUT rooms/%21r/send/m.x/t"
		sends = send + "?device_id=CAUSEWAY"
		makes = "PUT devices/CAUSEWAY"
	)
	for _, c := range []struct {
		name   string
		steps  []answer
		status int
		want   []string // of two calls
	}{
		{"it is there", []answer{good}, -1, []string{sends, sends}},
		{"it is made", []answer{unknownDevice, says(201, "{}"), good}, -1, []string{sends, makes, sends, sends}},
		{
			"it may not be made",
			[]answer{unknownDevice, says(404, `{"errcode":"M_NOT_FOUND"}`), good},
			-1,
			[]string{sends, makes, send, send},
		},
		{
			"it is made and not there",
			[]answer{unknownDevice, says(200, "{}"), unknownDevice, unknownDevice, says(200, "{}"), unknownDevice},
			400,
			[]string{sends, makes, sends, sends, makes, sends},
		},
		{"it cannot be made now", []answer{unknownDevice, limit("40", limited), good}, 429, []string{sends, makes, sends}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.steps...)
			_, err := r.As("").Send(t.Context(), "!r", "m.x", "t", struct{}{})
			code := map[int]string{400: "M_UNKNOWN_DEVICE", 429: "M_LIMIT_EXCEEDED"}[c.status]
			check(t, err, c.status, code)
			_, _ = r.As("").Send(t.Context(), "!r", "m.x", "t", struct{}{})
			var got []string
			for _, a := range r.asked {
				got = append(got, a.method+" "+strings.TrimPrefix(a.uri, v3Path))
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("asked %q", got)
			}
		})
	}
}
