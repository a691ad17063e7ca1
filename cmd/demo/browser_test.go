package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	pages "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"causeway/cmd/lab"
)

// patience bounds one step of a person at the page, on a busy machine.
const patience = 2 * time.Minute

// The frames of the page.
const (
	clientFrame = "client"
	phoneFrame  = "handset"
	matrixFrame = "matrix"
)

//go:embed testdata/eyes.js
var eyes string

// browser is a person who looks at the demo's page: what is clicked must be
// visible and not covered, and keys go to what has the focus.
type browser struct {
	t   *testing.T
	ctx context.Context
}

// open opens the page; the steps come before.
func open(t *testing.T, address string, before ...chromedp.Action) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(lab.Chromium(t)), chromedp.NoSandbox, chromedp.WindowSize(1280, 800))
	ctx, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	ctx, end = chromedp.NewContext(ctx)
	t.Cleanup(end)
	b := &browser{t, ctx}
	b.hears()
	if err := chromedp.Run(ctx); err != nil { // the browser lives as long as this context
		t.Fatal(err)
	}
	load := []chromedp.Action{chromedp.EmulateViewport(1280, 800), chromedp.Navigate(address), chromedp.Evaluate(eyes, nil)}
	b.do("the page loads", append(before, load...)...)
	return b
}

// hears fails the test when the page throws, and tells what: a promise is most often
// rejected with a stanza.
func (b *browser) hears() {
	var asked sync.WaitGroup
	b.t.Cleanup(asked.Wait)
	chromedp.ListenTarget(b.ctx, func(e any) {
		thrown, ok := e.(*runtime.EventExceptionThrown)
		if !ok {
			return
		}
		d := thrown.ExceptionDetails
		b.t.Errorf("the page throws: %s", d.Error())
		if d.Exception != nil && d.Exception.ObjectID != "" {
			asked.Go(func() { b.t.Logf("that was: %s", b.source(d.Exception.ObjectID)) }) // nobody may wait here
		}
	})
}

// source is an object of the page as XML, where it is an element.
func (b *browser) source(id runtime.RemoteObjectID) (text string) {
	ctx, end := context.WithTimeout(b.ctx, patience)
	defer end()
	err := chromedp.Run(ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		o, _, err := runtime.CallFunctionOn("function() { return this.outerHTML ?? String(this) }").WithObjectID(id).WithReturnByValue(true).Do(ctx)
		if err == nil {
			err = json.Unmarshal(o.Value, &text)
		}
		return err
	}))
	if err != nil {
		return err.Error()
	}
	return text
}

// do takes steps within patience; a failure shows what is to be read, and its
// picture is kept when DEMO_PICTURES names a directory.
func (b *browser) do(what string, steps ...chromedp.Action) {
	b.t.Helper()
	ctx, end := context.WithTimeout(b.ctx, patience)
	defer end()
	if err := chromedp.Run(ctx, steps...); err != nil {
		b.tell()
		b.wholePicture("failure")
		b.t.Fatalf("%s: %v", what, err)
	}
}

// tell logs what is to be read in the frames.
func (b *browser) tell() {
	b.t.Helper()
	ctx, end := context.WithTimeout(b.ctx, patience) // a browser that hangs tells nothing
	defer end()
	var text string
	if err := chromedp.Run(ctx, chromedp.Evaluate("eyes.text()", &text)); err != nil {
		b.t.Log(err)
	}
	b.t.Log(text)
}

// see waits until an element that css selects and that holds text is visible.
func (b *browser) see(frame, css, text string) {
	b.t.Helper()
	b.wait(frame+" shows "+css+" "+text, fmt.Sprintf("eyes.find(%q, %q, %q) !== undefined", frame, css, text))
}

// wait waits until a condition in JavaScript holds.
func (b *browser) wait(what, condition string) {
	b.t.Helper()
	b.do(what, chromedp.Poll(condition, nil, chromedp.WithPollingTimeout(0)))
}

// sees tells whether an element that css selects and that holds text is
// visible now.
func (b *browser) sees(frame, css, text string) (holds bool) {
	b.t.Helper()
	b.do("look", chromedp.Evaluate(fmt.Sprintf("eyes.find(%q, %q, %q) !== undefined", frame, css, text), &holds))
	return holds
}

// click clicks into the middle of the last element that see would see.
func (b *browser) click(frame, css, text string) {
	b.t.Helper()
	what := fmt.Sprintf("%q, %q, %q", frame, css, text)
	b.mouse("click on "+what, "eyes.aim("+what+")", "eyes.met()", func(x, y float64) chromedp.Action { return chromedp.MouseClickXY(x, y) })
}

// hover puts the mouse on that element.
func (b *browser) hover(frame, css, text string) {
	b.t.Helper()
	what := fmt.Sprintf("%q, %q, %q", frame, css, text)
	b.mouse("hover over "+what, "eyes.point("+what+")", "eyes.under("+what+")", func(x, y float64) chromedp.Action {
		return chromedp.MouseEvent(input.MouseMoved, x, y)
	})
}

// mouse does something where an element is, until it has met it: a page that is
// drawn anew may have moved it in between.
func (b *browser) mouse(what, where, met string, step func(x, y float64) chromedp.Action) {
	b.t.Helper()
	b.do(what, chromedp.ActionFunc(func(ctx context.Context) error {
		for done := false; !done; {
			var at []float64
			err := chromedp.Poll(where, &at, chromedp.WithPollingTimeout(0)).Do(ctx)
			if err == nil {
				err = chromedp.Tasks{step(at[0], at[1]), chromedp.Evaluate(met, &done)}.Do(ctx)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// shows chooses which network is to be seen beside the client.
func (b *browser) shows(network string) {
	b.t.Helper()
	b.do("show "+network, chromedp.Click("label:has(#show-"+network+")", chromedp.ByQuery))
}

// enter clicks into a field and types; "\r" is the Enter key.
func (b *browser) enter(frame, css, keys string) {
	b.t.Helper()
	b.click(frame, css, "")
	b.do("type "+keys, chromedp.KeyEvent(keys))
}

// picture keeps what is to be seen of an element in DEMO_PICTURES/name.png.
func (b *browser) picture(name, frame, css string) {
	b.t.Helper()
	if os.Getenv("DEMO_PICTURES") == "" {
		return
	}
	var at []float64
	b.do("measure "+css, chromedp.Poll(fmt.Sprintf("eyes.area(%q, %q)", frame, css), &at, chromedp.WithPollingTimeout(0)))
	b.keep(name, pages.CaptureScreenshot().WithClip(&pages.Viewport{X: at[0], Y: at[1], Width: at[2], Height: at[3], Scale: 1}))
}

// wholePicture keeps all that is to be seen.
func (b *browser) wholePicture(name string) {
	b.t.Helper()
	b.keep(name, pages.CaptureScreenshot())
}

func (b *browser) keep(name string, shot *pages.CaptureScreenshotParams) {
	b.t.Helper()
	dir := os.Getenv("DEMO_PICTURES")
	if dir == "" {
		return
	}
	ctx, end := context.WithTimeout(b.ctx, patience) // a browser that hangs gives none
	defer end()
	err := chromedp.Run(ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		png, err := shot.Do(ctx)
		if err == nil {
			png, err = fewColours(png)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
		}
		return err
	}))
	if err != nil {
		b.t.Error(err)
	}
}
