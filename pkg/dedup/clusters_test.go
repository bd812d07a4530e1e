package dedup

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestClusters(t *testing.T) {
	c := NewClusters()
	c.Join("c", "d")
	c.Join("b", "a")
	c.Join("b", "c")
	c.Join("a", "a")
	if got := strings.Join(c.Members("d"), ""); got != "abcd" || c.Of("d") != "a" {
		t.Errorf("members %q of %q, want abcd of a", got, c.Of("d"))
	}
	c.Leave("b")
	if c.Of("a") != "a" || c.Of("b") != "b" || c.Of("d") != "c" {
		t.Errorf("without b: %q %q %q, want a b c", c.Of("a"), c.Of("b"), c.Of("d"))
	}
	if len(c.nodes) != 2 {
		t.Errorf("%d articles are kept, want the two that have copies", len(c.nodes))
	}
	c.leaveWindow("c")
	if c.Of("d") != "c" {
		t.Error("a cluster forgets a member that left the window")
	}
	c.leaveWindow("d")
	if len(c.nodes) != 0 {
		t.Error("a cluster outside the window is kept")
	}
}

// TestClustersRandom compares with components found from scratch.
func TestClustersRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	name := func() string { return string(rune('a' + r.IntN(14))) }
	for range 300 {
		c := NewClusters()
		edges := map[[2]string]bool{}
		for range 40 {
			a, b := name(), name()
			if r.IntN(4) == 0 {
				c.Leave(a)
				for e := range edges {
					if e[0] == a || e[1] == a {
						delete(edges, e)
					}
				}
			} else if a != b {
				c.Join(a, b)
				edges[[2]string{a, b}] = true
			}
			for x := 'a'; x < 'a'+14; x++ {
				want := component(edges, string(x))
				if got := c.Members(string(x)); !slices.Equal(got, want) || c.Of(string(x)) != want[0] {
					t.Fatalf("members of %c = %v of %s, want %v", x, got, c.Of(string(x)), want)
				}
			}
		}
	}
}

func component(edges map[[2]string]bool, id string) []string {
	out := []string{id}
	for i := 0; i < len(out); i++ {
		for e := range edges {
			for k := range 2 {
				if e[k] == out[i] && !slices.Contains(out, e[1-k]) {
					out = append(out, e[1-k])
				}
			}
		}
	}
	slices.Sort(out)
	return out
}
