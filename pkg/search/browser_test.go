package search

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// browser starts a headless Chromium of its own for a test.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		const how = "no Chromium found; to run this test: apt-get install chromium"
		if os.Getenv("CI") == "true" {
			t.Fatal(how)
		}
		t.Skip(how)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("no-first-run", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
	)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// tab drives the browser in a test.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string
	tag  string // of screenshots: the width
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func run[T any](b *tab, a chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// check asserts what every page keeps: no horizontal scrolling.
func (b *tab) check(what string) {
	b.t.Helper()
	type widths struct{ Page, Window int }
	w := run(b, chromedp.Evaluate[widths](`({Page: document.documentElement.scrollWidth, Window: document.documentElement.clientWidth})`))
	if w.Page > w.Window {
		wide := run(b, chromedp.Evaluate[string](`[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(e => e.tagName + "." + (e.getAttribute("class") || "")).slice(0, 8).join(", ")`))
		b.t.Errorf("%s at %s: scrolls sideways: %d > %d: %s", what, b.tag, w.Page, w.Window, wide)
	}
	b.shot(what)
}

// shot writes a screenshot where COPYDESK_SCREENSHOTS asks for them.
func (b *tab) shot(what string) {
	b.t.Helper()
	dir := os.Getenv("COPYDESK_SCREENSHOTS")
	if dir == "" {
		return
	}
	png := run(b, chromedp.FullScreenshot(100))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%s.png", what, b.tag)), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) open(path string) { b.t.Helper(); b.do(chromedp.Navigate(b.base + path)) }

// follow clicks what leads to another page and waits for it.
func (b *tab) follow(selector, arrived string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)), chromedp.WaitReady(chromedp.CSS(arrived)))
}

// scheme asks for light or dark pages.
func scheme(name string) chromedp.Action[chromedp.Void] {
	const feature = "prefers-color-scheme" //nolint:misspell // CSS is written in American
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: feature, Value: name}},
		})
		return err
	})
}

func TestBrowser(t *testing.T) {
	ctx := browser(t)
	ix := newIndex(t)
	addStories(t, ix)
	srv := httptest.NewServer(newHandler(t, func(o *Options) { o.Index = ix }))
	defer srv.Close()
	for _, width := range []int64{1280, 375} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			b := &tab{t, ctx, srv.URL, fmt.Sprint(width)}
			mobile := width < 600
			height := int64(900)
			b.do(chromedp.EmulateViewport(width, height), scheme("light"))
			readAround(t, b, mobile)
			b.do(scheme("dark"))
			b.open("/?q=harbour")
			b.check("dark-search")
			b.open("/article/" + harbourID)
			b.check("dark-article")
			b.open("/")
			b.check("dark-home")
			b.open("/story/" + agroundStory)
			b.check("dark-story")
			b.open("/article/" + harbourID + "/diff?from=1&to=3")
			b.check("dark-diff")
		})
	}
}

// readStory goes from the start page to a story, to an article of it, and from
// there to a related story.
func readStory(t *testing.T, b *tab) {
	b.follow(".today .first a", ".story-page")
	b.check("story-large")
	if got := run(b, chromedp.Evaluate[string](`document.querySelector(".copies").innerText`)); !strings.HasPrefix(got, "and 5 copies:") {
		t.Errorf("copies: %q", got)
	}
	b.follow(`.hit-title a[href="/article/`+keelID+`"]`, ".story-box")
	b.check("article-in-story")
	b.follow(`a[href$="diff?from=1&to=2"]`, ".block.moved")
	b.check("diff-moved")
	b.open("/article/" + keelID)
	b.follow(".related a", ".story-page")
	if got := run(b, chromedp.Location()); got != b.base+"/story/"+pilotStory {
		t.Errorf("the related story is at %s", got)
	}
	b.check("story-related")
}

// readAround is what a reader does: search, filter, read, look at what was
// removed, compare, look at the sources.
func readAround(t *testing.T, b *tab, mobile bool) {
	b.open("/")
	b.check("home")
	readStory(t, b)
	b.open("/")
	b.do(chromedp.SendKeys(chromedp.CSS("#q"), "harbour"))
	b.follow(".search-line button", ".count")
	b.do(chromedp.WaitReady(chromedp.CSS(".hit mark")))
	b.check("search")

	if mobile {
		b.do(chromedp.Click(chromedp.CSS(".filters > summary")))
	}
	b.do(chromedp.WaitVisible(chromedp.CSS("#site")), chromedp.SendKeys(chromedp.CSS("#site"), "harbour-post.example"))
	b.follow(".apply button", ".chips a")
	if got := run(b, chromedp.Location()); got != b.base+"/?q=harbour&lang=&site=harbour-post.example&from=&to=&sort=" {
		t.Errorf("filtered at %s", got)
	}
	if n := run(b, chromedp.Evaluate[int](`document.querySelectorAll(".hit").length`)); n != 1 {
		t.Errorf("%d hits after filtering, want 1", n)
	}
	b.check("filtered")

	b.follow(".hit-title a", ".story h1")
	b.check("article-closed")
	if run(b, chromedp.Evaluate[bool](`document.querySelector("#removed").open`)) {
		t.Error("removed blocks are open at first")
	}
	b.do(chromedp.Click(chromedp.CSS("#removed > summary")), chromedp.WaitVisible(chromedp.CSS("#removed li")))
	b.do(chromedp.Click(chromedp.CSS(".facts > summary")), chromedp.WaitVisible(chromedp.CSS(".facts td")))
	b.check("article")

	b.follow(`a[href$="diff?from=2&to=3"]`, ".diff")
	b.check("diff-last")
	b.do(chromedp.SetValue(chromedp.CSS("#from"), "1"))
	b.follow(".compare button", `option[value="1"][selected]`)
	b.check("diff")

	b.follow(`nav a[href="/sources"]`, ".sources")
	b.check("sources")
	for name, path := range map[string]string{
		"article-rtl": "/article/" + arabicID, "article-hostile": "/article/" + hostileID, "article-withdrawn": "/article/" + withdrawnID,
		"article-copy": "/article/" + copyID, "stories": "/stories?sort=date", "merged": "/story/" + mergedStory, "nothing": "/?q=xylophone&lang=de", "story": "/story/" + testStory, "missing": "/story/none",
		"german": "/article/" + germanID,
	} {
		b.open(path)
		b.check(name)
	}
}
