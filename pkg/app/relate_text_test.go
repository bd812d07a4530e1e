package app

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/newsroom"
)

var (
	outlets  = strings.Fields("harbourpost valleytimes northstar eveningmail coastline dailyferry boroughnews tidewatch marketday lantern")
	agencies = strings.Fields("Meridian Fairwind Longitude")
)

// report returns a report that was not used yet.
func (m *maker) report() newsroom.Known {
	if len(m.texts) == 0 {
		m.t.Fatal("the newsroom has too few reports")
	}
	k := m.texts[len(m.texts)-1]
	m.texts = m.texts[:len(m.texts)-1]
	return k
}

// wire makes an article one that names the agency it is from.
func (m *maker) wire(a *article.Article) {
	agency := agencies[m.r.IntN(len(agencies))]
	a.Dateline = &article.Dateline{Raw: "PORT (" + agency + ") - ", Place: "Port", Agency: agency}
	a.Attributions = []string{agency}
}

// edited returns a text as another outlet would print it: cut, with a dateline,
// a credit, other words here and there.
func (m *maker) edited(text string) string {
	paragraphs := strings.Split(text, "\n\n")
	if len(paragraphs) > 5 && m.r.IntN(2) == 0 {
		paragraphs = paragraphs[:len(paragraphs)-1-m.r.IntN(len(paragraphs)/4+1)]
	}
	paragraphs = slices.Clone(paragraphs)
	if m.r.IntN(2) == 0 {
		for range 1 + m.r.IntN(4) {
			i := m.r.IntN(len(paragraphs))
			words := strings.Fields(paragraphs[i])
			if len(words) > 3 {
				words[1+m.r.IntN(len(words)-2)] = word(m.r)
				paragraphs[i] = strings.Join(words, " ")
			}
		}
	}
	if m.r.IntN(3) == 0 {
		paragraphs[0] = strings.ToUpper(word(m.r)) + " (" + agencies[m.r.IntN(len(agencies))] + ") - " + paragraphs[0]
	}
	if m.r.IntN(3) == 0 {
		paragraphs = append(paragraphs, "Reporting by "+word(m.r)+" "+word(m.r)+"; editing by "+word(m.r))
	}
	return strings.Join(paragraphs, "\n\n")
}

// newForm makes a daily report of which only the figures change.
func (m *maker) newForm() string {
	var lines []string
	for range 3 {
		subject := word(m.r) + " " + word(m.r)
		lines = append(lines, fmt.Sprintf("Trade in %s closed at # crowns on the %s exchange, after # crowns the day before. "+
			"Dealers counted # contracts of %s, # of them for delivery in the %s. The highest price was # and the lowest # crowns.",
			subject, word(m.r), word(m.r), word(m.r)))
	}
	return strings.Join(lines, "\n\n")
}

// figures fills in a form.
func (m *maker) figures(form string) string {
	var b strings.Builder
	for i, part := range strings.Split(form, "#") {
		if i > 0 {
			fmt.Fprint(&b, 100+m.r.IntN(9000))
		}
		b.WriteString(part)
	}
	return b.String()
}

// foreign makes a report in a language of its own.
func (m *maker) foreign() string {
	topic := make([]string, 25)
	for i := range topic {
		topic[i] = word(m.r)
	}
	paragraphs := make([]string, 4+m.r.IntN(4))
	for i := range paragraphs {
		words := make([]string, 30+m.r.IntN(30))
		for j := range words {
			if words[j] = word(m.r); m.r.IntN(3) == 0 {
				words[j] = topic[m.r.IntN(len(topic))]
			}
		}
		paragraphs[i] = strings.ToUpper(words[0][:1]) + words[0][1:] + " " + strings.Join(words[1:], " ") + "."
	}
	return strings.Join(paragraphs, "\n\n")
}

const syllables = "ka la mi tu ren sol vi no pe hal du ri sa to men ul ja ke fo nik"

// word makes a word; the short ones come often.
func word(r *rand.Rand) string {
	of := strings.Fields(syllables)
	var b strings.Builder
	for range 1 + r.IntN(4) {
		b.WriteString(of[min(r.IntN(len(of)), r.IntN(len(of)))])
	}
	return b.String()
}

func firstParagraphs(text string, n int) string {
	all := strings.Split(text, "\n\n")
	return strings.Join(all[:min(n, len(all))], "\n\n")
}

func lastParagraphs(text string, n int) string {
	all := strings.Split(text, "\n\n")
	return strings.Join(all[max(0, len(all)-n):], "\n\n")
}
