package extract

import (
	"strings"
	"testing"

	"github.com/copydesk/copydesk/pkg/article"
)

// shape is an answer of an invented outlet that holds no article, or only part
// of one, as guards, consent walls and gates build them.
type shape struct {
	name   string
	status int
	page   string
	want   article.Access
}

func htmlPage(title, head, body string) string {
	return "<!DOCTYPE html><html lang=\"en\"><head><title>" + title + "</title>" + head + "</head><body>" + body + "</body></html>"
}

// accessShapes are what stands where an article was expected. The texts are
// ours; what is common to such pages is their structure and a few words.
func accessShapes() []shape {
	chrome := `<header><nav><a href="/">Home</a> <a href="/news">News</a> <a href="/sport">Sport</a></nav></header>`
	foot := `<footer><p>Published by The Harbour Herald. <a href="/imprint">Imprint</a> <a href="/privacy">Privacy</a></p></footer>`
	ld := `<script type="application/ld+json">{"@type":"NewsArticle","headline":"The bridge has to close","isAccessibleForFree":false}</script>`
	lead := "<p>The old bridge over the harbour was closed on Tuesday after a ship had struck one of its piers, the harbour master said.</p>"
	return []shape{
		{"browser check with a script", 200, htmlPage("Just a moment...", "", `<div class="main-wrapper"><h1>herald.example</h1><p>Checking if the site connection is secure</p><noscript>Enable JavaScript and cookies to continue</noscript></div><script>window._cf_chl_opt={}</script>`), article.Challenge},
		{"browser check in German", 503, htmlPage("Nur einen Moment...", "", `<h1>herald.example</h1><p>Bestätigen Sie, dass Sie ein Mensch sind. Dies kann einige Sekunden dauern.</p>`), article.Challenge},
		{"browser check in French", 403, htmlPage("Un instant...", "", `<h1>herald.example</h1><p>Vérifiez que vous êtes humain en effectuant l'action ci-dessous.</p>`), article.Challenge},
		{"browser check in Spanish", 403, htmlPage("Un instante...", "", `<h1>herald.example</h1><p>Verifique que es un ser humano completando la acción.</p>`), article.Challenge},
		{"denied with a reference", 403, htmlPage("Access Denied", "", `<h1>Access Denied</h1><p>You don't have permission to access "http://herald.example/a" on this server.</p><p>Reference #18.4f2d1602.1700000000.1a2b3c4d</p>`), article.Challenge},
		{"denied with a reference and 200", 200, htmlPage("Access Denied", "", `<h1>Access Denied</h1><p>You don't have permission to access this page.</p><p>Reference #18.4f2d1602</p>`), article.Challenge},
		{"frame of a service", 403, htmlPage("herald.example", "", `<p>Please enable JS and disable any ad blocker</p><script>var dd={'rt':'c','host':'geo.captcha-delivery.com'}</script><script src="https://ct.captcha-delivery.com/c.js"></script>`), "no article"}, // told apart by the fetcher
		{"press and hold", 403, htmlPage("Access to this page has been denied", "", `<h1>Press &amp; Hold to confirm you are a human (and not a bot).</h1><div id="px-captcha"></div><p>Reference ID 1234-5678</p>`), article.Challenge},
		{"interruption", 200, htmlPage("Pardon Our Interruption", "", `<h1>Pardon Our Interruption</h1><p>As you were browsing something about your browser made us think you were a bot. There are a few reasons this might happen.</p><ul><li>You are a power user moving through this website with super-human speed.</li><li>You have disabled cookies in your browser.</li></ul>`), article.Challenge},
		{"unusual traffic", 429, htmlPage("Too many requests", "", `<h1>One more step</h1><p>Our systems have detected unusual traffic from your network. Please complete the captcha below to continue.</p>`), article.Challenge},
		{"press and hold, the outlet's chrome around it", 200, htmlPage("The Harbour Herald", "", chrome+`<main><h2>Verify you are human</h2><p>Complete the security check to read on.</p></main>`+foot), article.Challenge},
		{"empty page with a script of a guard", 200, htmlPage("&nbsp;", "", `<div id="sec-if-cpt-container"></div><script src="/akam/13/x" defer></script>`), "no article"}, // told apart by the fetcher

		{"consent wall in German", 200, htmlPage("Herald mit Werbung oder im Abo", "", `<h1>Willkommen beim Herald</h1><p>Mit Werbung und Cookies weiterlesen</p><p>Besuchen Sie uns wie gewohnt mit Werbung und Tracking oder nutzen Sie das Abo ohne.</p><button>Akzeptieren und weiter</button>`), article.Consent},
		{"consent wall in English", 200, htmlPage("Your privacy", "", `<h1>We value your privacy</h1><p>We and our 812 partners store and access information on a device.</p><button>Accept all</button><button>Manage options</button>`), article.Consent},
		{"consent wall in French", 200, htmlPage("Le Phare", "", `<h1>Bienvenue</h1><p>Avec votre accord, nos partenaires et nous utilisons des cookies.</p><button>Accepter et continuer</button><button>Refuser et s'abonner</button>`), article.Consent},
		{"consent wall in Italian", 200, htmlPage("Il Faro", "", `<h1>Benvenuto</h1><p>Per leggere accetta i cookie oppure abbonati.</p><button>Accetta e continua</button>`), article.Consent},
		{"consent wall in Dutch", 200, htmlPage("De Haven", "", `<h1>Welkom</h1><p>De Haven en haar partners plaatsen cookies. Klik op akkoord om verder te gaan.</p><button>Cookies accepteren</button>`), article.Consent},
		{"consent wall in Polish", 200, htmlPage("Port", "", `<h1>Dbamy o Twoją prywatność</h1><p>My i nasi partnerzy przechowujemy informacje na urządzeniu.</p><button>Przejdź do serwisu</button>`), article.Consent},
		{"consent wall with a long text", 200, htmlPage("Your privacy", "", `<h1>We value your privacy</h1><p>The Herald and its partners store and access information on a device, such as cookies, and process personal data, such as unique identifiers, for advertising and content that suit you, for measuring both, and for learning about the people who read us.</p><p>You may consent to the use of these by us and by them, or look at every purpose and decide on each. Your choice holds for this site alone and can be changed at any time at the foot of every page.</p>`), article.Consent},
		{"before you continue", 200, htmlPage("Before you continue", "", `<h1>Before you continue</h1><p>We use cookies and data to deliver and maintain our services.</p><button>Accept all</button>`), article.Consent},

		{"registration wall", 200, htmlPage("The bridge has to close", "", chrome+`<article><h1>The bridge has to close</h1>`+lead+`<div><h3>Register for free to continue reading</h3><p>Create a free account or sign in.</p></div></article>`+foot), article.Teaser},
		{"sign-in wall without text", 200, htmlPage("The bridge has to close", ld, chrome+`<article><h1>The bridge has to close</h1><p>Sign in to read this article</p></article>`+foot), article.Paywall},
		{"subscription wall below two paragraphs", 200, htmlPage("The bridge has to close", ld, chrome+`<article><h1>The bridge has to close</h1>`+lead+lead+`<p>Subscribe to continue reading</p><p>Already a subscriber? Log in</p></article>`+foot), article.Teaser},
		{"metered", 200, htmlPage("The bridge has to close", "", chrome+`<article><h1>The bridge has to close</h1>`+lead+`<p>You have reached your limit of free articles. Subscribe for full access.</p></article>`+foot), article.Teaser},

		{"not found with 200", 200, htmlPage("The Harbour Herald", "", chrome+`<main><h1>Sorry, we can't find that page</h1><p>It may have been moved or deleted.</p></main>`+foot), article.Soft404},
		{"not found, as a number", 200, htmlPage("404 | The Harbour Herald", "", chrome+`<main><h1>404</h1><p>Nothing was found here.</p></main>`+foot), article.Soft404},
		{"no longer there", 200, htmlPage("The Harbour Herald", "", chrome+`<main><h1>This article is no longer available</h1><p>Rights to it have run out.</p></main>`+foot), article.Soft404},
		{"not found in German", 200, htmlPage("Fehler 404", "", chrome+`<main><h1>Diese Seite existiert nicht mehr</h1><p>Die gewünschte Seite konnte nicht gefunden werden.</p></main>`+foot), article.Soft404},
		{"not found in French", 200, htmlPage("Erreur 404", "", chrome+`<main><h1>Oups, cette page n'existe pas</h1></main>`+foot), article.Soft404},
		{"not found in Spanish", 200, htmlPage("Error 404", "", chrome+`<main><h1>No encontramos la página que buscas</h1></main>`+foot), article.Soft404},
		{"not found in Polish", 200, htmlPage("Błąd 404", "", chrome+`<main><h1>Nie znaleziono strony</h1></main>`+foot), article.Soft404},

		{"an article", 200, htmlPage("The bridge has to close", "", chrome+`<article><h1>The bridge has to close</h1>`+strings.Repeat(lead, 8)+`</article>`+foot), article.Full},
		{"a short report", 200, htmlPage("The bridge has to close", "", chrome+`<article><h1>The bridge has to close</h1>`+lead+lead+`</article>`+foot), article.Full},
		{"a short report with a cookie note", 200, htmlPage("The bridge has to close", "", `<div id="cookie-banner"><p>We value your privacy</p><button>Accept all cookies</button></div>`+chrome+`<article><h1>The bridge has to close</h1>`+lead+lead+lead+`</article>`+foot), article.Full},
		{"a report about captchas", 200, htmlPage("Council wants proof that gulls are no robots", "", chrome+`<article><h1>Council wants proof that gulls are no robots</h1>`+strings.Repeat(lead, 6)+`<p>"Are you a robot?" asks the sign, and the gull that wants to verify you are human says nothing.</p></article>`+foot), article.Full},
		{"a report that begins with the number", 200, htmlPage("404 goats counted on the island", "", chrome+`<article><h1>404 goats counted on the island</h1>`+lead+lead+`</article>`+foot), article.Full},
		{"a report about a missing page", 200, htmlPage("Lost ledger page found", "", chrome+`<article><h1>Lost ledger page found</h1>`+strings.Repeat(lead, 6)+`<p>The page not found since 1904 lay in the attic.</p></article>`+foot), article.Full},
	}
}

func TestAccessShapes(t *testing.T) {
	for _, s := range accessShapes() {
		t.Run(s.name, func(t *testing.T) {
			p := pageOf(s.page)
			p.Status = s.status
			got := article.Access("no article")
			r, err := Extract(p, Options{})
			if err == nil {
				got = r.Article.Access
			}
			if got != s.want {
				t.Errorf("got %q, want %q", got, s.want)
			}
		})
	}
}
