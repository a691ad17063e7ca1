package app

import (
	"fmt"
	"path/filepath"
	"strings"

	"causeway/component/media"
)

// openMedia makes what moves files, which lie beside the store for as long as
// they are needed.
func (a *App) openMedia() error {
	size, err := a.cfg.Media.Size()
	if err != nil {
		return fmt.Errorf("media.max_size: %w", err)
	}
	places, err := a.cfg.Media.Places()
	if err != nil {
		return fmt.Errorf("media.fetch_private: %w", err)
	}
	keys := map[string]media.Key{}
	for _, b := range a.cfg.Bridges {
		keys[b.Domain] = media.NewKey(string(b.Secret))
	}
	a.media, err = media.New(media.Config{
		MaxSize: size, Private: places, PublicURL: a.cfg.HTTP.PublicURL, Keys: keys,
		Dir: filepath.Dir(strings.TrimPrefix(a.cfg.Store, "sqlite:")), Log: a.log, Metrics: a.metrics,
	})
	return err
}
