//go:build !linux

package keeper

import "context"

// Relieve finds nobody: there is no keeper on this system.
func Relieve(context.Context, string) error { return ErrRefused }
