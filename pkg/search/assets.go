package search

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static
var staticFiles embed.FS

//go:embed templates
var templateFiles embed.FS

//go:embed openapi.json
var openAPIDocument []byte

// How long answers may be kept by browsers and proxies.
const (
	foreverCache = "public, max-age=31536000, immutable" // its address changes with it
	hourCache    = "public, max-age=3600"
	feedCache    = "public, max-age=60"
)

// asset is a file under /static.
type asset struct {
	name, contentType, hash string
	data                    []byte
}

// path is the address of the asset; it changes with the content, so what a
// browser holds is never out of date.
func (a asset) path() string { return "/static/" + a.name + "?v=" + a.hash }

// loadAssets reads the files under /static.
func loadAssets() (map[string]asset, error) {
	types := map[string]string{".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
	out := map[string]asset{}
	entries, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return nil, fmt.Errorf("search: read static files: %w", err)
	}
	for _, e := range entries {
		data, err := fs.ReadFile(staticFiles, path.Join("static", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("search: read static file %s: %w", e.Name(), err)
		}
		ct, ok := types[path.Ext(e.Name())]
		if !ok {
			return nil, fmt.Errorf("search: static file %s: no content type for its extension", e.Name())
		}
		out[e.Name()] = asset{name: e.Name(), contentType: ct, hash: shortHash(data), data: data}
	}
	return out, nil
}

func shortHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}

// static answers /static/{name}.
func (s *server) static(w http.ResponseWriter, r *http.Request) {
	a, ok := s.assets[r.PathValue("name")]
	if !ok {
		s.fail(w, r, &failure{status: http.StatusNotFound, title: "Nothing here", detail: "There is no such file."})
		return
	}
	cache := hourCache
	if r.URL.RawQuery == "v="+a.hash {
		cache = foreverCache
	}
	serveCached(w, r, a.contentType, cache, a.data)
}

// openAPI answers /openapi.json.
func (s *server) openAPI(w http.ResponseWriter, r *http.Request) {
	serveCached(w, r, "application/json; charset=utf-8", hourCache, openAPIDocument)
}

// robots keeps crawlers away: the articles belong to their publishers.
func (s *server) robots(w http.ResponseWriter, r *http.Request) {
	serveCached(w, r, "text/plain; charset=utf-8", hourCache, []byte("User-agent: *\nDisallow: /\n"))
}

// serveCached answers with data, or says that the client has it already.
func serveCached(w http.ResponseWriter, r *http.Request, contentType, cache string, data []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", cache)
	h.Set("ETag", `"`+shortHash(data)+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// parseTemplates reads every page with the layout around it; stylesheet is the
// address of the style sheet.
func parseTemplates(stylesheet string) (map[string]*template.Template, error) {
	layout, err := template.New("layout.tmpl").Funcs(templateFuncs(stylesheet)).
		ParseFS(templateFiles, "templates/layout.tmpl", "templates/parts.tmpl")
	if err != nil {
		return nil, fmt.Errorf("search: parse layout: %w", err)
	}
	out := map[string]*template.Template{}
	files, err := fs.Glob(templateFiles, "templates/*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("search: list templates: %w", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".tmpl")
		if name == "layout" || name == "parts" {
			continue
		}
		page, err := layout.Clone()
		if err == nil {
			page, err = page.ParseFS(templateFiles, file)
		}
		if err != nil {
			return nil, fmt.Errorf("search: parse template %s: %w", name, err)
		}
		out[name] = page
	}
	return out, nil
}
