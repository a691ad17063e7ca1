package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
)

// device is what all of our users send with. Synapse keeps the transaction ids of
// a device with its events, for a day; those without a device it keeps in memory,
// and a message repeated after it was killed would be there twice.
const device = "CAUSEWAY"

// sendOnce makes a call with a transaction id, from the user's device: it makes
// that when it is not there yet. A homeserver that lets us make none gets the call
// without.
func (u *User) sendOnce(ctx context.Context, path []string, body any) (string, error) {
	if u.h.deviceless.Load() {
		return u.event(ctx, path, nil, body)
	}
	from := url.Values{"device_id": {device}}
	id, err := u.event(ctx, path, from, body)
	if !Is(err, "M_UNKNOWN_DEVICE") {
		return id, err
	}
	if err := u.makeDevice(ctx); err != nil {
		return "", err
	}
	if u.h.deviceless.Load() {
		return u.event(ctx, path, nil, body)
	}
	return u.event(ctx, path, from, body)
}

// makeDevice makes the device (Spec, PUT /devices/{deviceId}, by application
// services since v1.17). That the homeserver refuses is no error, and noted.
func (u *User) makeDevice(ctx context.Context) error {
	err := u.do(ctx, call{
		method: http.MethodPut, path: v3("devices", device), body: map[string]string{"display_name": "Causeway"},
	})
	var e *Error
	if errors.As(err, &e) && !e.Temporary() {
		u.h.deviceless.Store(true)
		return nil
	}
	return err
}
