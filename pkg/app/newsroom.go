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

// startNewsroom serves the newsroom on addr. dir remembers its epoch; "" keeps
// nothing.
func startNewsroom(ctx context.Context, addr, dir, domain string, pages int, log *slog.Logger) (*newsroomServer, error) {
	l, err := ops.Bind(ctx, addr, "--newsroom-listen")
	if err != nil {
		return nil, err
	}
	site, err := openNewsroom(dir, domain, l.Addr().(*net.TCPAddr).Port, pages)
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

func openNewsroom(dir, domain string, port, pages int) (*newsroom.Newsroom, error) {
	path := filepath.Join(dir, newsroomFile)
	var state newsroomState
	if dir != "" {
		data, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(data, &state)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("state of the newsroom %s: %w; delete the file to begin anew", path, err)
		}
	}
	if port == 80 {
		port = 0 // browsers and feeds leave it out
	}
	site, err := newsroom.New(newsroom.Options{Domain: domain, Port: port, Seed: 1, Generated: pages, Epoch: state.Epoch})
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
	Listen    string `name:"listen" default:"127.0.0.1:8090" placeholder:"ADDR" help:"Address of the newsroom. Default: ${default}."`
	Domain    string `name:"domain" default:"localhost" help:"Domain that its outlets are hosts of. Default: ${default}."`
	Data      string `name:"data" type:"path" placeholder:"DIR" help:"Directory that remembers when its time began. Default: begin anew."`
	Pages     int    `name:"pages" default:"0" help:"Generated pages beside its own articles. Default: ${default}."`
	ListFeeds bool   `name:"list-feeds" env:"-" help:"Print the addresses of its feeds, a feed list for ingest, and exit."`
}

// Run serves the newsroom until ctx ends.
func (c *NewsroomCommand) Run(ctx context.Context, env Env) error {
	if c.ListFeeds {
		return c.list(env)
	}
	log, err := ops.NewLogger(env.Stderr, "text", "info")
	if err != nil {
		return err
	}
	s, err := startNewsroom(ctx, c.Listen, c.Data, c.Domain, c.Pages, log)
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

func (c *NewsroomCommand) list(env Env) error {
	addr, err := net.ResolveTCPAddr("tcp", c.Listen)
	if err != nil {
		return usagef("--listen %s: %w", c.Listen, err)
	}
	site, err := openNewsroom("", c.Domain, addr.Port, c.Pages)
	if err != nil {
		return err
	}
	for _, feed := range site.Feeds() {
		fmt.Fprintln(env.Stdout, feed)
	}
	return nil
}
