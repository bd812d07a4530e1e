package fetch

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
)

// hubBytes of a hub's answer are read: it says little beside its status.
const hubBytes = 16 << 10

// PostForm posts a form to an endpoint that a publisher names for it, such as a
// WebSub hub. All that holds of a fetch holds of it - addresses, limits, the
// host's turn, Admit - but robots.txt is not asked for, which speaks of what a
// crawler reads, and only redirects that keep the method are followed. Report is
// not told: the host is not one that lets us in or keeps us out. The answer is
// any status of the 200s; the error is always an [*Error].
func (f *Fetcher) PostForm(ctx context.Context, rawURL string, form url.Values) (*Response, error) {
	v := &visit{req: Request{URL: rawURL}, left: f.o.Limits.Total, page: true, form: []byte(form.Encode())}
	resp, failed := f.visit(ctx, v)
	if failed != nil {
		return nil, failed
	}
	return resp, nil
}

// post makes a request one that sends the form.
func (v *visit) post(r *http.Request) {
	r.Method = http.MethodPost
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "*/*")
	r.ContentLength = int64(len(v.form))
	// A connection that the server closed while it was idle is no failure.
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(v.form)), nil }
	r.Body, _ = r.GetBody()
}

// keepsMethod reports whether a redirect asks for the same request elsewhere.
func keepsMethod(status int) bool {
	return status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect
}
