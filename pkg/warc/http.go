package warc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
)

const (
	maxHTTPHeader = 64 << 10
	maxHTTPLines  = 1000
)

// Response is the HTTP response that a record holds.
type Response struct {
	Status  int
	Header  http.Header
	Body    []byte // without Transfer-Encoding, with Content-Encoding
	Cut     bool   // Body is not all of it: its chunks break off
	Chunked bool   // it was stored in chunks
}

// ReadResponse reads the block of a record as an HTTP response. What archives of
// all sorts hold is taken: the length of the block counts, not the
// Content-Length; chunks are undone where there are some; lines of the head that
// are no fields are left out. A body of more than maxBody bytes is
// [ErrTooLarge], a block that does not begin like a response [ErrNotHTTP].
func ReadResponse(r io.Reader, maxBody int64) (*Response, error) {
	in := bufio.NewReaderSize(r, 4<<10)
	resp := &Response{Header: http.Header{}}
	left := maxHTTPHeader
	line, err := headLine(in, &left)
	if err != nil {
		return nil, err
	}
	proto, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	status, err := strconv.Atoi(code)
	if !strings.HasPrefix(proto, "HTTP/") || err != nil || status < 100 || status > 999 {
		return nil, fmt.Errorf("%w: it begins with %.60q", ErrNotHTTP, line)
	}
	resp.Status = status
	if err := resp.readHead(in, &left); err != nil {
		return nil, err
	}
	var body bytes.Buffer
	if rec, ok := r.(*Record); ok {
		body.Grow(int(min(rec.left+int64(in.Buffered()), maxBody)) + bytes.MinRead)
	}
	if _, err := body.ReadFrom(io.LimitReader(in, maxBody+1)); err != nil {
		return nil, err
	}
	if int64(body.Len()) > maxBody {
		return nil, fmt.Errorf("%w: body of more than %d bytes", ErrTooLarge, maxBody)
	}
	resp.Body = body.Bytes()
	if isChunked(resp.Header) {
		resp.unchunk()
	}
	return resp, nil
}

// headLine reads a line of the head, without its end.
func headLine(in *bufio.Reader, left *int) (string, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		*left -= len(part)
		switch {
		case *left < 0:
			return "", fmt.Errorf("%w: head of more than %d bytes", ErrTooLarge, maxHTTPHeader)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) > 0:
			return string(line), nil
		case errors.Is(err, io.EOF):
			return "", fmt.Errorf("%w: it ends within the head", ErrNotHTTP)
		case err != nil:
			return "", err
		}
		return strings.TrimRight(string(line), "\r\n"), nil
	}
}

func (resp *Response) readHead(in *bufio.Reader, left *int) error {
	last := ""
	for range maxHTTPLines {
		line, err := headLine(in, left)
		if errors.Is(err, ErrNotHTTP) {
			return nil // a head alone
		}
		if err != nil {
			return err
		}
		if line == "" {
			return nil
		}
		if line[0] == ' ' || line[0] == '\t' {
			if values := resp.Header[last]; len(values) > 0 {
				values[len(values)-1] += " " + strings.TrimSpace(line)
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); !ok || name == "" {
			continue
		}
		last = textproto.CanonicalMIMEHeaderKey(name)
		resp.Header.Add(last, strings.TrimSpace(value))
	}
	return fmt.Errorf("%w: head of more than %d lines", ErrTooLarge, maxHTTPLines)
}

func isChunked(h http.Header) bool {
	for _, v := range h.Values("Transfer-Encoding") {
		if strings.Contains(strings.ToLower(v), "chunked") {
			return true
		}
	}
	return false
}

// unchunk undoes chunks. Many archives undo them and leave the head as it was,
// so a body that does not begin with a chunk is taken for one that has none.
func (resp *Response) unchunk() {
	size, _, ok := bytes.Cut(resp.Body[:min(len(resp.Body), 64)], []byte("\n"))
	digits, _, _ := bytes.Cut(bytes.TrimSpace(size), []byte(";"))
	if _, err := strconv.ParseUint(string(bytes.TrimSpace(digits)), 16, 32); !ok || err != nil {
		return
	}
	body, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(resp.Body)))
	if err != nil && len(body) == 0 {
		return
	}
	resp.Body, resp.Cut, resp.Chunked = body, err != nil, true
}

// Head returns the head of an HTTP message: its first line, its fields by name,
// and the empty line. What would break a line is made a blank.
func Head(first string, h http.Header) []byte {
	clean := strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ")
	var b bytes.Buffer
	b.WriteString(clean.Replace(first) + "\r\n")
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range h[name] {
			b.WriteString(clean.Replace(name) + ": " + clean.Replace(value) + "\r\n")
		}
	}
	b.WriteString("\r\n")
	return b.Bytes()
}
