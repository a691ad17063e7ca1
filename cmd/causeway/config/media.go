package config

import "causeway/component/media"

// Size returns the bound of files in bytes.
func (m Media) Size() (int64, error) { return media.ParseSize(m.MaxSize) }

// Places returns what fetch_private names.
func (m Media) Places() ([]media.Place, error) {
	places := make([]media.Place, len(m.FetchPrivate))
	for i, text := range m.FetchPrivate {
		var err error
		if places[i], err = media.ParsePlace(text); err != nil {
			return nil, err
		}
	}
	return places, nil
}

// media checks how files are moved.
func (p *parser) media(at func(string) int, c *Config) {
	const key, size = "http.public_url", "media.max_size"
	switch u, err := media.ParsePublicURL(c.HTTP.PublicURL); {
	case err != nil:
		p.add(at(key), key, `want an address without a query, e.g. "https://causeway.example.org", or ""`)
	case u != nil && c.HTTP.Listen == "":
		p.add(at(key), key, "has no use without http.listen")
	}
	if _, err := c.Media.Size(); err != nil {
		p.add(at(size), size, "want a size, e.g. 100MB, 10MiB or 5000000")
	}
	for i, text := range c.Media.FetchPrivate {
		if _, err := media.ParsePlace(text); err != nil {
			path := item("media.fetch_private", i)
			p.add(at(path), path, `want ADDRESS:PORT, an address or a range, e.g. "127.0.0.1:5280" or "10.0.0.0/8"`)
		}
	}
}
