package search

import (
	"bytes"
	"fmt"
	"net/http"
)

// frame is what the layout of every page needs.
type frame struct {
	Site  string // name of this site
	Title string // of the page
	Nav   string // which entry of the navigation this is
	Query string // what the search box in the head shows
	Feed  string // address of the Atom feed that fits the page, or ""
	Home  bool   // the search page has its own, larger box
}

// frame starts the data of a page.
func (s *server) frame(title, nav string) frame {
	return frame{Site: s.Title, Title: title, Nav: nav}
}

// render writes a page once all of it is there, so a failure is never half a
// page.
func (s *server) render(w http.ResponseWriter, status int, name string, data any) error {
	var b bytes.Buffer
	if err := s.pages[name].ExecuteTemplate(&b, "layout", data); err != nil {
		return fmt.Errorf("search: render page %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	return err
}

// errorView is the page for a request that fails.
type errorView struct {
	frame
	Status int
	Detail string
}

// errorPage answers a person.
func (s *server) errorPage(w http.ResponseWriter, f *failure) {
	v := errorView{frame: s.frame(f.heading(), ""), Status: f.status, Detail: f.detail}
	if err := s.render(w, f.status, "error", v); err != nil {
		s.log.Error("show error page", "err", err)
		http.Error(w, f.heading()+": "+f.detail, f.status)
	}
}
