package peer

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// CreateUser makes an account, whose password is Secret, and which others see by
// a name; empty: its localpart. It is an error that it is there already. It goes
// the way of Synapse's admin API "Shared-Secret Registration": a nonce, then an
// HMAC over it and the account.
func (s *Synapse) CreateUser(ctx context.Context, localpart, name string) error {
	var nonce struct {
		Nonce string `json:"nonce"`
	}
	if err := s.register(ctx, http.MethodGet, nil, &nonce); err != nil {
		return err
	}
	mac := hmac.New(sha1.New, []byte(Secret))
	io.WriteString(mac, strings.Join([]string{nonce.Nonce, localpart, Secret, "notadmin"}, "\x00"))
	account := map[string]any{
		"nonce": nonce.Nonce, "username": localpart, "password": Secret, "admin": false,
		"displayname": cmp.Or(name, localpart), "mac": hex.EncodeToString(mac.Sum(nil)),
	}
	return s.register(ctx, http.MethodPost, account, &struct{}{})
}

func (s *Synapse) register(ctx context.Context, method string, question, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, s.URL+"/_synapse/admin/v1/register", bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := plainHTTP.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("synapse register: %s %s", resp.Status, text)
	}
	return json.Unmarshal(text, answer)
}
