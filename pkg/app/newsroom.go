package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/copydesk/copydesk/pkg/newsroom"
	"github.com/copydesk/copydesk/pkg/ops"
)

type newsroomSite = *newsroom.Newsroom

// newsroomFile remembers when the newsroom's time began, so that a second run
// continues the same site.
const newsroomFile = "newsroom.json"

type newsroomState struct {
	Epoch time.Time `json:"epoch"`
}

// newsroomSeed decides what its generated pages say.
const newsroomSeed = 1

// startNewsroom serves the newsroom on addr. dir remembers its epoch; "" keeps
// nothing.
func startNewsroom(ctx context.Context, addr, flag string, o newsroom.Options, dir string, log *slog.Logger) (*newsroomServer, error) {
	l, err := ops.Bind(ctx, addr, flag)
	if err != nil {
		return nil, err
	}
	o.Port = l.Addr().(*net.TCPAddr).Port
	site, err := openNewsroom(dir, o)
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	s := &newsroomServer{site: site, addr: l.Addr().String(), done: make(chan struct{}), http: &http.Server{
		Handler: site, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute,
	}}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("newsroom stopped", "err", err)
		}
	}()
	return s, nil
}

func openNewsroom(dir string, o newsroom.Options) (*newsroom.Newsroom, error) {
	path := filepath.Join(dir, newsroomFile)
	state := newsroomState{Epoch: o.Epoch}
	if dir != "" && o.Epoch.IsZero() {
		data, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(data, &state)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("state of the newsroom %s: %w; delete the file to begin anew", path, err)
		}
	}
	if o.Port == 80 {
		o.Port = 0 // browsers and feeds leave it out
	}
	o.Epoch = state.Epoch
	site, err := newsroom.New(o)
	if err != nil || dir == "" || !state.Epoch.IsZero() {
		return site, err
	}
	data, err := json.Marshal(newsroomState{Epoch: site.Epoch()})
	if err != nil {
		return nil, err
	}
	return site, os.WriteFile(path, data, 0o644)
}

// NewsroomCommand serves the newsroom by itself.
type NewsroomCommand struct {
	Listen      string        `name:"listen" default:"127.0.0.1:8090" placeholder:"ADDR" help:"Address of the newsroom. Default: ${default}."`
	Domain      string        `name:"domain" default:"localhost" help:"Domain that its outlets are hosts of. Default: ${default}."`
	Data        string        `name:"data" type:"path" placeholder:"DIR" help:"Directory that remembers when its time began. Default: begin anew."`
	Pages       int           `name:"pages" default:"0" help:"Generated pages beside its own articles. Default: ${default}."`
	Epoch       time.Time     `name:"epoch" placeholder:"TIME" help:"When its time began (RFC 3339); it opens three days later. Default: so that it opens now."`
	Freeze      time.Duration `name:"freeze" placeholder:"DURATION" help:"Stop its clock this long after the opening, so that it does not change under a test. Default: it goes on."`
	Healthcheck bool          `name:"healthcheck" env:"-" help:"Ask the newsroom that runs on --listen whether it answers, and exit with 0 or 1."`
	ListFeeds   bool          `name:"list-feeds" env:"-" help:"Print the addresses of its feeds, a feed list for ingest, and exit."`
}

// Run serves the newsroom until ctx ends.
func (c *NewsroomCommand) Run(ctx context.Context, env Env) error {
	if c.ListFeeds {
		return c.list(env)
	}
	if c.Healthcheck {
		url, err := ops.ProbeURL(c.Listen, "/")
		if err != nil {
			return usageError{err}
		}
		return ops.Probe(ctx, url)
	}
	log, err := ops.NewLogger(env.Stderr, "text", "info")
	if err != nil {
		return err
	}
	s, err := startNewsroom(ctx, c.Listen, "--listen", c.options(), c.Data, log)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "newsroom on http://%s; its feeds:\n", s.addr)
	for _, feed := range s.site.Feeds() {
		fmt.Fprintln(env.Stdout, feed)
	}
	<-ctx.Done()
	shutdown(log, "newsroom", s.stop)
	return nil
}

// options are those of the site, but for its port.
func (c *NewsroomCommand) options() newsroom.Options {
	o := newsroom.Options{Domain: c.Domain, Seed: newsroomSeed, Generated: c.Pages, Epoch: c.Epoch}
	if c.Freeze != 0 {
		if o.Epoch.IsZero() {
			o.Epoch = time.Now().Add(-newsroom.BeforeOpening - c.Freeze)
		}
		at := o.Epoch.Add(newsroom.BeforeOpening + c.Freeze)
		o.Now = func() time.Time { return at }
	}
	return o
}

func (c *NewsroomCommand) list(env Env) error {
	addr, err := net.ResolveTCPAddr("tcp", c.Listen)
	if err != nil {
		return usagef("--listen %s: %w", c.Listen, err)
	}
	o := c.options()
	o.Port = addr.Port
	site, err := openNewsroom("", o)
	if err != nil {
		return err
	}
	for _, feed := range site.Feeds() {
		fmt.Fprintln(env.Stdout, feed)
	}
	return nil
}
