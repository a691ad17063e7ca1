package app

import (
	"fmt"
	"reflect"

	"causeway/cmd/causeway/config"
	"causeway/component/gateway"
)

// Reload takes over what can change while the program runs: the level of the
// log, and of each bridge allow, hold and limits. It returns the keys whose
// new value waits for a restart. It does not block.
func (a *App) Reload(cfg *config.Config) (restart []string) {
	a.reload.Lock()
	defer a.reload.Unlock()
	if l, err := cfg.Log.Slog(); err == nil {
		a.level.Set(l)
		a.cfg.Log.Level = cfg.Log.Level
	}
	restart = differ("", a.cfg, cfg)
	old := map[string]*part{}
	for _, p := range a.parts {
		old[p.cfg.Domain] = p
	}
	for _, b := range cfg.Bridges {
		p := old[b.Domain]
		if p == nil {
			restart = append(restart, "bridges: "+b.Domain+" is new")
			continue
		}
		delete(old, b.Domain)
		restart = append(restart, p.reload(b)...)
	}
	for domain := range old {
		restart = append(restart, "bridges: "+domain+" is gone")
	}
	return restart
}

// reload does the same for a bridge.
func (p *part) reload(b config.Bridge) (restart []string) {
	p.gateway.SetPolicy(gateway.Policy{
		Allow: b.Allow, Hold: b.Hold, AccountLimit: b.Limits.Account, BridgeLimit: b.Limits.Bridge,
	})
	p.cfg.Allow, p.cfg.Hold, p.cfg.Limits = b.Allow, b.Hold, b.Limits
	restart = differ(b.Domain+": ", &p.cfg, &b)
	if !reflect.DeepEqual(p.cfg.Own, b.Own) {
		restart = append(restart, fmt.Sprintf("%s: the keys of %s", b.Domain, b.Network))
	}
	return restart
}

// differ returns the keys of two structs that are not equal. Bridges, and
// what a network owns, are compared apart.
func differ[T any](prefix string, old, fresh *T) (list []string) {
	a, b := reflect.ValueOf(old).Elem(), reflect.ValueOf(fresh).Elem()
	for i := range a.NumField() {
		key := a.Type().Field(i).Tag.Get("yaml")
		if key == "-" || key == "bridges" {
			continue
		}
		if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			list = append(list, prefix+key)
		}
	}
	return list
}
