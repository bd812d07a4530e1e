package feed

import (
	"fmt"
	"strings"
	"testing"
)

func TestSkippedTimes(t *testing.T) {
	all := func(name string, from, to int) string {
		var b strings.Builder
		for i := from; i <= to; i++ {
			fmt.Fprintf(&b, "<%s>%d</%s>", name, i, name)
		}
		return b.String()
	}
	const week = "<day>Monday</day><day>Tuesday</day><day>Wednesday</day><day>Thursday</day><day>Friday</day>"
	for _, c := range []struct {
		name, channel string
		want          Skip
	}{
		{"none", "", Skip{}},
		{"hours", "<skipHours><hour>0</hour><hour> 1 </hour><hour>23</hour></skipHours>", Skip{Hours: 1 | 1<<1 | 1<<23}},
		{"counted from 1", "<skipHours><hour>24</hour><hour>1</hour></skipHours>", Skip{Hours: 1 | 1<<1}},
		{"nonsense", "<skipHours><hour>25</hour><hour>-1</hour><hour>noon</hour><hour/></skipHours><skipDays><day>Caturday</day></skipDays>", Skip{}},
		{"days", "<skipDays><day>saturday</day><day>Sunday</day></skipDays>", Skip{Days: 1 | 1<<6}},
		{"all hours", "<skipHours>" + all("hour", 0, 23) + "</skipHours>", Skip{}},
		{"all days", "<skipDays>" + week + "<day>Saturday</day><day>Sunday</day></skipDays>", Skip{}},
		{"too much", "<skipHours>" + strings.Repeat("<hour>3</hour>", 100_000) + "</skipHours>", Skip{Hours: 1 << 3}},
		{"broken", "<skipHours><hour>4</skipHours><skipDays>Sunday</skipDays>", Skip{Hours: 1 << 4}},
	} {
		text := `<rss version="2.0"><channel><title>T</title>` + c.channel +
			`<item><title>One</title><link>https://news.example/1</link></item></channel></rss>`
		f, err := Parse([]byte(text), testBase, "")
		if err != nil || f.Skip != c.want || len(f.Entries) != 1 {
			t.Errorf("%s: got %+v, want %+v, with one entry; %v", c.name, f, c.want, err)
		}
	}
}
