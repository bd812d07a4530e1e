package fetch

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
)

const (
	// challengeBytes of a refusal are read and looked at.
	challengeBytes = 64 << 10
	// challengeWords is from how many words of text on a page is none that only
	// wants proof of a human reader.
	challengeWords = 120
	// challengeParagraphs is the same in paragraphs, for a quick look.
	challengeParagraphs = 8
)

// challengeHeaders are what services put into answers that hold a challenge
// instead of the page: a header, and what its value begins with.
func challengeHeaders() [][2]string {
	return [][2]string{{"Cf-Mitigated", "challenge"}, {"X-Amzn-Waf-Action", "challenge"}, {"X-Amzn-Waf-Action", "captcha"}}
}

// challengeMarks are names in the scripts and forms of challenges, in lower
// case. They name the services that guard sites, not sites. Some stand in
// ordinary pages too, so they count only where there is hardly any text.
func challengeMarks() []string {
	return []string{
		"_cf_chl_opt", "/cdn-cgi/challenge-platform/", "cf-turnstile", "captcha-delivery.com", "px-captcha", "_pxappid", "/_incapsula_resource",
		"sec-if-cpt-container", "bm-verify", "/_sec/cp_challenge", "awswafintegration", "gokuprops", "ddos-guard", "g-recaptcha", "hcaptcha.com",
		"h-captcha", "geetest",
	}
}

// challengePhrases give away a refusal that wants proof of a human reader.
func challengePhrases() []string {
	return []string{
		"captcha", "verify you are human", "verifying you are human", "you are a human", "you are not a robot", "are you a robot", "checking your browser",
		"enable javascript and cookies", "please enable cookies", "unusual traffic", "automated access", "pardon our interruption", "press & hold",
		"press and hold", "bestätigen sie, dass sie ein mensch", "vérifier que vous êtes humain", "no eres un robot",
	}
}

// mayChallenge reports whether an answer with that status may be a challenge.
func mayChallenge(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotAcceptable,
		http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return true
	}
	return status >= 200 && status < 300
}

// isChallenge reports whether an answer wants proof of a human reader instead
// of giving the page. With a status of success only the marks of a challenge
// count: an article may be about robots.
func isChallenge(a *answer, body []byte) bool {
	if !mayChallenge(a.status) {
		return false
	}
	for _, h := range challengeHeaders() {
		if len(a.header.Get(h[0])) >= len(h[1]) && strings.EqualFold(a.header.Get(h[0])[:len(h[1])], h[1]) {
			return true
		}
	}
	if len(body) == 0 || len(body) > challengeBytes || !looksHTML(a.header.Get("Content-Type"), body) {
		return false
	}
	if a.status < 300 && bytes.Count(body, []byte("<p")) >= challengeParagraphs {
		return false // the usual case, cheaply
	}
	marked := containsAny(string(bytes.ToLower(body)), challengeMarks())
	if a.status < 300 && !marked {
		return false
	}
	text, words := shownText(body)
	return words < challengeWords && (marked || containsAny(text, challengePhrases()))
}

func containsAny(s string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

func looksHTML(contentType string, body []byte) bool {
	if contentType != "" {
		return strings.Contains(strings.ToLower(contentType), "html")
	}
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}

// shownText returns the text between the tags of a page, in lower case, and how
// many words it has. Scripts, styles and comments are left out.
func shownText(body []byte) (text string, words int) {
	var b strings.Builder
	s := strings.ToLower(string(body))
	for s != "" {
		before, rest, _ := strings.Cut(s, "<")
		b.WriteString(before)
		b.WriteByte(' ')
		end := ">"
		switch {
		case strings.HasPrefix(rest, "!--"):
			end = "-->"
		case strings.HasPrefix(rest, "script"):
			end = "</script>"
		case strings.HasPrefix(rest, "style"):
			end = "</style>"
		}
		_, s, _ = strings.Cut(rest, end)
	}
	fields := strings.Fields(b.String())
	return strings.Join(fields, " "), len(fields)
}

// refusal reads what came with a status that is no success, as far as it may
// be a challenge; the rest is drained, so that the connection can be used again.
// It reports whether that was all.
func (v *visit) refusal(a *answer, resp *http.Response, content io.Reader) (body []byte, whole bool) {
	if !mayChallenge(a.status) {
		n, err := io.CopyN(io.Discard, content, drainBytes)
		v.wire += n
		return nil, errors.Is(err, io.EOF)
	}
	l := bodyLimits{max: challengeBytes, ratio: 100, ratioFloor: challengeBytes}
	body, n, err := readBody(content, resp.Header.Values("Content-Encoding"), l)
	v.wire += n
	return body, err == nil
}
