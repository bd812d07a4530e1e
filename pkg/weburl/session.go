package weburl

import "strings"

// Session ids tell visits apart, not pages. They stand in the query, behind a
// semicolon in the path, or in a path segment of their own.

// sessionParams name parameters that hold a session id and never anything else.
var sessionParams = map[string]bool{
	"jsessionid": true, "phpsessid": true, "phpsessionid": true, "aspsessionid": true, "cftoken": true, "jservsessionid": true,
	"jservsessionidroot": true, "oscsid": true, "zenid": true, "asp.net_sessionid": true,
}

// maybeSession name parameters that hold a session id where the value is long
// and random, and the number of an article or the like where it is not.
var maybeSession = map[string]bool{
	"sid": true, "sessionid": true, "session_id": true, "session-id": true, "sessid": true, "sess": true, "session": true, "s_id": true,
}

// minSession is how many hexadecimal digits a random id has at least.
const minSession = 24

func isSession(name, value string) bool {
	return sessionParams[name] || strings.HasPrefix(name, "aspsessionid") || maybeSession[name] && isRandom(value)
}

// isRandom reports whether s is a long hexadecimal number. One without a letter
// may be a long number that means something.
func isRandom(s string) bool {
	if len(s) < minSession {
		return false
	}
	letter := false
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
		letter = letter || s[i] > '9'
	}
	return letter
}

// keepSegments returns a path without session ids.
func keepSegments(path string) string {
	if !strings.ContainsAny(path, ";(") {
		return path
	}
	segments := strings.Split(path, "/")
	kept := segments[:0]
	for i, s := range segments {
		switch {
		case !isSessionSegment(s):
			kept = append(kept, keepPathParams(s))
		case i == len(segments)-1:
			kept = append(kept, "") // the slash in front of it stays
		}
	}
	return strings.Join(kept, "/")
}

// keepPathParams returns a path segment without the session ids behind its
// semicolons.
func keepPathParams(segment string) string {
	head, params, found := strings.Cut(segment, ";")
	if !found {
		return segment
	}
	var b strings.Builder
	b.WriteString(head)
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if !isSession(strings.ToLower(name), value) {
			b.WriteString(";" + param)
		}
	}
	return b.String()
}

// isSessionSegment reports whether a path segment is a session id as ASP.NET
// writes it: "(S(pfdpv4n2xvkbpq45qgbqoz55))", or several such groups.
func isSessionSegment(s string) bool {
	inner, ok := strings.CutPrefix(s, "(")
	if ok {
		inner, ok = strings.CutSuffix(inner, "))")
	}
	if !ok || inner == "" {
		return false
	}
	for group := range strings.SplitSeq(inner, ")") {
		if len(group) < 2+minSession || !strings.ContainsRune("ASFXasfx", rune(group[0])) || group[1] != '(' {
			return false
		}
		for _, c := range []byte(group[2:]) {
			if !isUnreserved(c) {
				return false
			}
		}
	}
	return true
}
