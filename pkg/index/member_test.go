package index

import (
	"testing"

	"github.com/copydesk/copydesk/pkg/article"
)

func TestAttributed(t *testing.T) {
	agency := []article.Author{{Name: "Meridian Wire", Kind: article.Agency}}
	for _, c := range []struct {
		name string
		a    article.Article
		want bool
	}{
		{"nothing named", article.Article{Publisher: "The Herald", Site: "herald.example"}, false},
		{"a person", article.Article{Authors: []article.Author{{Name: "Jane Roe", Kind: article.Person}}}, false},
		{"an agency wrote it", article.Article{Publisher: "The Herald", Authors: agency}, true},
		{"the agency's own page", article.Article{Publisher: "Meridian-Wire", Authors: agency}, false},
		{"its site says so", article.Article{Site: "meridianwire.example", Dateline: &article.Dateline{Raw: "NORTHPORT (Meridian Wire) -", Agency: "Meridian Wire"}}, false},
		{"an agency in the dateline", article.Article{Site: "herald.example", Dateline: &article.Dateline{Raw: "NORTHPORT (Meridian) -", Agency: "Meridian"}}, true},
		{"a dateline without agency", article.Article{Dateline: &article.Dateline{Raw: "NORTHPORT -", Place: "Northport"}}, false},
		{"another outlet as source", article.Article{Publisher: "The Herald", Attributions: []string{"the Tidings"}}, true},
		{"itself and another", article.Article{Publisher: "Tidings", Attributions: []string{"Tidings", "Herald"}}, true},
	} {
		if got := MemberOf(&article.Record{Article: c.a}).Attributed; got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
