package websub

import (
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestHeaderLinks(t *testing.T) {
	const base = "https://news.example/feeds/all.xml"
	for _, c := range []struct {
		name   string
		values []string
		want   Links
	}{
		{"two headers", []string{`<https://hub.example/>; rel="hub"`, `<https://news.example/all>; rel="self"`}, Links{[]string{"https://hub.example/"}, "https://news.example/all"}},
		{"one header, several hubs", []string{`<https://a.example/>; rel=hub, <https://b.example/>;rel="hub" , <all.xml>; rel=SELF`}, Links{[]string{"https://a.example/", "https://b.example/"}, base}},
		{"several relations", []string{`<https://a.example/>; title="x; rel=\"self\", <y>"; rel="preload  hub"`}, Links{[]string{"https://a.example/"}, ""}},
		{"the first rel counts", []string{`<https://a.example/>; rel=next; rel=hub`}, Links{}},
		{"of another resource", []string{`<https://a.example/>; anchor="/other"; rel=hub`}, Links{}},
		{"no web address", []string{`<ftp://a.example/>; rel=hub, <javascript:alert(1)>; rel=self`}, Links{}},
		{"the same hub twice", []string{`<https://a.example/>; rel=hub`, `<https://a.example/>; rel=hub`}, Links{Hubs: []string{"https://a.example/"}}},
		{"comma in the address", []string{`<https://a.example/?q=1,2>; rel=hub`}, Links{Hubs: []string{"https://a.example/?q=1,2"}}},
		{"broken in front", []string{`nonsense; rel=hub, <https://a.example/>; rel=hub`}, Links{Hubs: []string{"https://a.example/"}}},
		{"not closed", []string{`<https://a.example/; rel=hub`, `<https://b.example/>; rel="hub`}, Links{Hubs: []string{"https://b.example/"}}},
	} {
		if got := HeaderLinks(c.values, base); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	var many []string
	for i := range 100 {
		many = append(many, "<https://h"+strings.Repeat("x", i)+".example/>; rel=hub")
	}
	if got := HeaderLinks(many, base); len(got.Hubs) != maxHubs {
		t.Errorf("%d hubs kept of %d", len(got.Hubs), len(many))
	}
}

func TestHeaderWinsOverDocument(t *testing.T) {
	header, document := Links{Hubs: []string{"h"}}, Links{Hubs: []string{"d"}, Self: "self"}
	if got := header.Or(document); got.Hubs[0] != "h" || got.Self != "self" {
		t.Errorf("%+v", got)
	}
	if got := (Links{}).Or(document); got.Hubs[0] != "d" {
		t.Errorf("%+v", got)
	}
}

func TestRequests(t *testing.T) {
	got := Subscribe("https://news.example/?a=b&c", "https://me.example/cb", "s3cret", AskedLease).Encode()
	want := "hub.callback=https%3A%2F%2Fme.example%2Fcb&hub.lease_seconds=864000&hub.mode=subscribe&hub.secret=s3cret&hub.topic=https%3A%2F%2Fnews.example%2F%3Fa%3Db%26c"
	if got != want {
		t.Errorf("asked with %s", got)
	}
	if got := Unsubscribe("t", "c"); got.Get("hub.mode") != "unsubscribe" || got.Has("hub.secret") {
		t.Errorf("ended with %v", got)
	}
}

func TestParseIntent(t *testing.T) {
	parse := func(query string) (Intent, error) {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		return ParseIntent(q)
	}
	got, err := parse("hub.mode=subscribe&hub.topic=T&hub.challenge=abc%26&hub.lease_seconds=3600")
	if err != nil || got != (Intent{Mode: ModeSubscribe, Topic: "T", Challenge: "abc&", Lease: time.Hour}) {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = parse("hub.mode=denied&hub.topic=T&hub.reason=no%0d%0aSet-Cookie%3A+x%1b[31m+%E2%80%A8y&hub.challenge=c")
	if err != nil || got.Reason != "no Set-Cookie: x [31m y" || got.Challenge != "" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"", "hub.mode=subscribe", "hub.mode=subscribe&hub.topic=T", "hub.mode=unsubscribe&hub.challenge=c", "hub.mode=publish&hub.topic=T&hub.challenge=c", "hub.mode=subscribe&hub.topic=T&hub.challenge=" + strings.Repeat("x", maxChallenge+1)} {
		if got, err := parse(bad); !errors.Is(err, errIntent) {
			t.Errorf("%.60q is taken for %+v", bad, got)
		}
	}
}

func TestVerify(t *testing.T) {
	body := []byte("<rss/>")
	for _, m := range []string{"sha1", "sha256", "sha384", "sha512"} {
		header, err := Sign(m, "secret", body)
		if err != nil {
			t.Fatal(err)
		}
		if err := Verify(header, "secret", body); err != nil {
			t.Errorf("%s: %v", m, err)
		}
		name, digits, _ := strings.Cut(header, "=")
		if err := Verify(name+"="+strings.ToUpper(digits), "secret", body); err != nil {
			t.Errorf("%s in capitals: %v", m, err)
		}
		for what, err := range map[string]error{
			"another secret": Verify(header, "other", body), "another body": Verify(header, "secret", []byte("<rss />")),
			"cut off": Verify(header[:len(header)-2], "secret", body), "no digits": Verify(name+"=", "secret", body), "no hex": Verify(name+"=zz", "secret", body),
		} {
			if !errors.Is(err, ErrSignature) {
				t.Errorf("%s, %s: %v", m, what, err)
			}
		}
	}
	// With a tool that is not ours: printf '<rss/>' | openssl dgst -sha256 -hmac secret
	if err := Verify("sha256=5f74509bd137b5135e73bb30f53d1fe7fd111e07cf39bd57970d148c90bb1f2a", "secret", body); err != nil {
		t.Error(err)
	}
	for header, want := range map[string]error{"": ErrUnsigned, "sha256": ErrUnsigned, "md5=00": ErrMethod, "=00": ErrMethod} {
		if err := Verify(header, "secret", body); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", header, err, want)
		}
	}
}

func TestGranted(t *testing.T) {
	for seconds, want := range map[string]time.Duration{
		"3600": time.Hour, "0": 0, "-5": 0, "": unnamedLease, "soon": unnamedLease,
		"864000": AskedLease, "31536000": maxLease, "99999999999999999999999": maxLease, "-99999999999999999999999": 0,
	} {
		if got := Granted(seconds); got != want {
			t.Errorf("lease of %q seconds: %s, want %s", seconds, got, want)
		}
	}
}

func TestRenewalComesBeforeTheEnd(t *testing.T) {
	for _, lease := range []time.Duration{15 * time.Minute, time.Hour, AskedLease} {
		first, last := Renewal(lease, MinRenewal, 0), Renewal(lease, MinRenewal, 1)
		if first < lease*2/3 || last > lease*3/4 || first >= last {
			t.Errorf("lease of %s is renewed after %s to %s", lease, first, last)
		}
	}
	if got := Renewal(5*time.Second, MinRenewal, 0.5); got != MinRenewal {
		t.Errorf("an absurd lease is renewed after %s", got)
	}
}

func TestBackoffIsBounded(t *testing.T) {
	last := time.Duration(0)
	for failures := range 100 {
		got := Backoff(failures, MinRenewal)
		if got < last || got > maxRenewal {
			t.Errorf("after %d failures %s, after one less %s", failures, got, last)
		}
		last = got
	}
	if Backoff(0, MinRenewal) != MinRenewal || last != maxRenewal {
		t.Errorf("from %s to %s", Backoff(0, MinRenewal), last)
	}
}

func TestTrustIsEarnedAndLost(t *testing.T) {
	type poll struct{ confirmed, missed int }
	agree, silent, miss := poll{1, 0}, poll{}, poll{3, 1}
	for _, c := range []struct {
		name  string
		polls []poll
		want  bool
	}{
		{"new", nil, false},
		{"silence proves nothing", []poll{silent, silent, silent, silent}, false},
		{"one poll is too little", []poll{agree}, false},
		{"two are enough", []poll{agree, silent, agree}, true},
		{"they must be in a row", []poll{agree, miss, agree}, false},
		{"one miss ends it", []poll{agree, agree, agree, miss}, false},
		{"and it takes longer then", []poll{agree, agree, miss, agree, agree, agree}, false},
		{"but not for ever", []poll{agree, agree, miss, agree, agree, agree, agree}, true},
		{"misses before it was trusted make it no harder", []poll{miss, miss, miss, agree, agree}, true},
	} {
		var trust Trust
		for _, p := range c.polls {
			was := trust.Trusted()
			if lost := trust.Poll(p.confirmed, p.missed); lost != (was && !trust.Trusted()) {
				t.Errorf("%s: trust lost %t, was %t and is %t", c.name, lost, was, trust.Trusted())
			}
		}
		if trust.Trusted() != c.want {
			t.Errorf("%s: trusted %t", c.name, trust.Trusted())
		}
	}
	var trust Trust
	for range 50 {
		for !trust.Trusted() {
			trust.Poll(1, 0)
		}
		trust.Poll(0, 1)
	}
	if trust.needed() > 16 {
		t.Errorf("%d polls are needed", trust.needed())
	}
}

func FuzzCallback(f *testing.F) {
	f.Add(`<https://hub.example/>; rel="hub", </self>; rel=self`, "sha256=00", "hub.mode=subscribe&hub.topic=t&hub.challenge=c&hub.lease_seconds=5")
	f.Add(`<a>;rel="\`, "sha1=", "hub.mode=denied&hub.topic=%ff&hub.reason=%00%e2%80")
	f.Add(`,;<>;=,;"`, "=", "%")
	f.Fuzz(func(t *testing.T, link, signature, query string) {
		l := HeaderLinks([]string{link, link}, "https://news.example/feed")
		if len(l.Hubs) > maxHubs {
			t.Errorf("%d hubs", len(l.Hubs))
		}
		for _, u := range append(l.Hubs, l.Self) {
			if u != "" && !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
				t.Errorf("%q is no web address", u)
			}
		}
		if err := Verify(signature, "a secret of nobody", []byte(link)); err == nil {
			t.Errorf("%q is a signature", signature)
		}
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		i, err := ParseIntent(q)
		if err == nil && (i.Topic == "" || i.Mode != ModeDenied && i.Challenge == "") {
			t.Errorf("%+v is complete", i)
		}
		if i.Lease < 0 || i.Lease > maxLease || len(i.Reason) > maxReason || strings.ContainsAny(i.Reason, "\r\n\t\x00") {
			t.Errorf("%+v", i)
		}
	})
}
