//go:build !linux

package main

import (
	"context"

	"causeway/cmd/causeway/app"
)

// kept says that this process serves: only on Linux is there a keeper.
func kept() bool { return true }

func keep(*env) error { return nil }

func orders() context.Context { return untilSignal() }

func attach(ctx context.Context) (context.Context, app.Keeper, error) { return ctx, nil, nil }
