package settings

import "log/slog"

// Secret prints as <secret>.
type Secret string

// String hides the value.
func (Secret) String() string { return "<secret>" }

// GoString hides the value.
func (Secret) GoString() string { return "<secret>" }

// LogValue hides the value.
func (Secret) LogValue() slog.Value { return slog.StringValue("<secret>") }
