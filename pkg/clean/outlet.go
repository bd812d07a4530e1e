//nolint:misspell // words of other languages
package clean

import "strings"

// What an outlet says of itself and of its readers' comments, told by two words
// that only meet there.

// commentWords are the stems of "comment"; moderationPhrases say what becomes of
// some of them.
var (
	commentWords      = []string{"comment", "kommentar", "comentari", "comentári", "commenti", "reactie", "komentar", "yorum", "комментари", "коментар"}
	moderationPhrases = []string{
		"will be removed", "will be deleted", "will not be published", "will not be approved", "are moderated", "is moderated", "will be moderated", "reserve the right", "house rules", "community guidelines",
		"werden gelöscht", "werden nicht veröffentlicht", "werden moderiert", "werden geprüft", "freigeschaltet", "behalten uns vor", "netiquette",
		"sont modérés", "seront modérés", "sera supprimé", "seront supprimés", "ne seront pas publiés", "se réserve le droit", "serán eliminados", "serán moderados", "no serán publicados", "no se publicarán", "se reserva el derecho",
		"não serão aprovados", "não serão publicados", "serão removidos", "serão excluídos", "serão moderados", "reserva-se o direito", "saranno rimossi", "non saranno pubblicati", "saranno moderati", "worden verwijderd", "worden gemodereerd", "będą usuwane", "modereres", "slettes", "tas bort",
	}
)

// isCommentPolicy recognises the rules of the comments, which stand above them.
func isCommentPolicy(l *Line) bool {
	return containsAny(l.Lower, commentWords) && containsAny(l.Lower, moderationPhrases)
}

// registerMarks stand before the number under which a firm is known to the
// state.
var registerMarks = []string{
	"cnpj", "ust-idnr", "ust-id", "ust.-id", "ustid", "umsatzsteuer-id", "steuernummer", "handelsregister", "amtsgericht", "siret", "siren", "rcs ", "p. iva", "p.iva", "partita iva", "codice fiscale", "reg. trib", "vat no", "vat number", "vat reg", "company number", "company no", "registered in england", "registered office", "kvk", "btw-nr", "regon", "nip:", "krs", "org.nr", "org. nr", "organisasjonsnummer", "organisationsnummer", "cvr", "y-tunnus", "огрн", "инн ", "cif:", "nif:", "cuit", "issn",
}

// minRegisterDigits is how many digits such a line has at least: the number, the
// postal code or the telephone.
const minRegisterDigits = 7

// isRegistered recognises the address of the outlet's publisher.
func isRegistered(l *Line) bool {
	digits := 0
	for i := range len(l.Lower) {
		if l.Lower[i] >= '0' && l.Lower[i] <= '9' {
			digits++
		}
	}
	return digits >= minRegisterDigits && containsAny(l.Lower, registerMarks)
}

func containsAny(s string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}
