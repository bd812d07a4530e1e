package extract

import "testing"

func TestDetectLanguage(t *testing.T) {
	english := "The bridge at Northport fell on Monday night, and the mayor said that it was not to be built again. The ferry will run for as long as it takes, and all of the shops on the quay are to stay open."
	german := "Die Brücke ist in der Nacht zum Montag gefallen, und der Bürgermeister sagte, dass sie nicht wieder gebaut wird. Die Fähre fährt, solange es dauert, und die Läden an dem Kai bleiben auf. Auch das Café am Hafen ist für alle da, die nicht nach Hause kommen, und die Schule öffnet erst wieder am Dienstag."
	swedish := "Bron föll natten till måndag, och borgmästaren sade att den inte ska byggas igen. Färjan går så länge det behövs, och alla butiker på kajen är öppna för dem som inte kan komma hem."
	for name, test := range map[string]struct{ declared, feed, sample, want string }{
		"as declared":        {"en-GB", "", english, "en"},
		"declared wrongly":   {"en", "", german + german, "de"},
		"not declared":       {"", "", german, "de"},
		"the feed says":      {"", "sv", swedish, "sv"},
		"too short to tell":  {"fr", "", "The bridge", "fr"},
		"nothing to go by":   {"", "", "", ""},
		"another than known": {"cy", "", "Y bont", "cy"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := detectLanguage(test.declared, test.feed, test.sample); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	for code, sample := range map[string]string{"en": english, "de": german, "sv": swedish} {
		if !soundsLike(code, sample) {
			t.Errorf("%s is not recognised by its small words", code)
		}
		for _, other := range []string{"en", "de", "sv", "nl", "fr"} {
			if other != code && soundsLike(other, sample) {
				t.Errorf("%s sounds like %s", code, other)
			}
		}
	}
}
