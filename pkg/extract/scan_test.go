package extract

import (
	"strings"
	"testing"
)

// TestScanState tells scripts that carry the page as data from programs.
func TestScanState(t *testing.T) {
	text := strings.Repeat("The bridge at Northport fell on Monday. ", 40)
	for name, test := range map[string]struct {
		script string
		kept   bool
	}{
		"json":         {`<script id="__NEXT_DATA__" type="application/json">{"text":"` + text + `"}</script>`, true},
		"assignment":   {"<script>\n window.__STATE__ = {\"text\":\"" + text + `"};</script>`, true},
		"index":        {`<SCRIPT>window["page"]={"text":"` + text + `"}</SCRIPT>`, true},
		"push":         {`<script>self.__next_f.push([1,"` + text + `"])</script>`, true},
		"short":        {`<script type="application/json">{"text":"The bridge fell"}</script>`, false},
		"program":      {`<script>function bridge(){return "` + text + `"}</script>`, false},
		"linked data":  {`<script type="application/ld+json">{"articleBody":"` + text + `"}</script>`, false},
		"other's code": {`<script>!function(){window.x="` + text + `"}()</script>`, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := scan([]byte("<p>a" + test.script + "<p>b"))
			if got := len(s.state) == 1; got != test.kept {
				t.Errorf("kept is %v, want %v", got, test.kept)
			}
			if test.kept && (!strings.Contains(string(s.state[0]), text) || strings.Contains(strings.ToLower(string(s.state[0])), "script>")) {
				t.Errorf("state is %q", s.state[0])
			}
		})
	}
}

// TestScanStateBounds holds what a page of many scripts may make us keep.
func TestScanStateBounds(t *testing.T) {
	one := `<script type="application/json">{"a":"` + strings.Repeat("x", 1<<16) + `"}</script>`
	s := scan([]byte(strings.Repeat(one, 2*maxState)))
	if n := len(s.state); n == 0 || n > maxState || s.stateLen > maxStateBytes {
		t.Errorf("kept %d scripts of %d bytes", n, s.stateLen)
	}
}
