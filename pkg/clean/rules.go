//nolint:misspell // words of other languages
package clean

// rules is the table of line rules, in the order in which they are tried.
// Languages: en, de, fr, es, it, pt, nl, ar, he and some more; what every
// language shares (a name in brackets before an agency, "2:02") is in Funcs.
var rules = []Rule{
	{
		Kind: Attribution, Name: "agency-signature", MaxWords: 8, Where: AtEnds, Func: isAgencySignature,
		Goes:  []string{"(dpa)", "AFP", "© dpa-infocom, dpa:191019-99-1/2", "dpa/lno", "(Reuters)", "ANSA", "(APA/Reuters)", "-- PTI", "(sda)"},
		Stays: []string{"Reuters reported it first.", "AFP journalists saw it fall.", "Die dpa hatte zuerst berichtet."},
	},
	{
		Kind: PhotoCredit, Name: "photo-credit-label", MaxWords: 14, Func: isCreditLabel,
		Goes: []string{
			"Photo Reuters", "Photo: Jane Roe", "Photograph: Jane Roe/The Herald", "Foto: dpa", "Bild: Max Muster",
			"Crédit photo : AFP", "Photo by Jane Roe", "Fotografía: EFE", "Image credit: Jane Roe", "Image source: Getty Images",
			"Image: Jane Roe / Reuters", "Picture: PA", "(Photo: AFP)", "Foto di Mario Bianchi", "תמונה: רויטרס", "الصورة: رويترز",
			"© AFP", "© 2019 Reuters", "사진=연합뉴스", "[사진=뉴시스]", "写真：共同通信", "图/新华社", "ⓒ 뉴스1", "Foto [M]: Shutterstock", "Titelbild: Jana Roh", "Main image credit: Getty", "Fot. Jan Kowalski/PAP", "Фото: Reuters", "Foto: Reprodução", "Bildnachweis: dpa", "Kuva: Lehtikuva", "Fotoğraf: AA", "Credit: Jane Roe", "Photos: Supplied",
		},
		Stays: []string{
			"Photo Reuters published last week shows the minister at the gate of the plant.",
			"Photos of the flood filled the front pages.", "Image is everything, she says.", "Credit is scarce.",
		},
	},
	{
		Kind: PhotoCredit, Name: "photo-credit-agency", MaxWords: 14, Func: isAgencyCredit,
		Goes: []string{
			"(Jane Roe/Reuters)", "AP Photo/Jane Roe", "(AP Photo/Jane Roe, File)", "Jane Roe/AFP/Getty Images", "Getty Images",
			"Jane Roe / AFP", "REUTERS/Jane Roe", "picture alliance/dpa", "dpa/Jane Roe", "Getty Images/iStockphoto", "AFP via Getty Images",
			"Jane Roe—Getty Images", "Shutterstock", "Jane Roe | Reuters",
		},
		Stays: []string{"Reuters", "Reuters said so on Monday.", "Getty Images sued the firm.", "AP reported it first."},
	},
	{
		Kind: Caption, Name: "caption-label", MaxWords: 80,
		Starts: []string{
			"pictured right", "pictured left", "pictured above", "pictured below", "pictured at the", "pictured from", "image caption", "media caption", "photo caption", "caption:", "figure caption", "pictured:", "file photo:", "file photo -", "file picture:",
			"bildunterschrift", "bildbeschreibung", "légende :", "didascalia", "pie de foto", "onderschrift", "archivbild:", "archivfoto:", "symbolbild", "symbolfoto",
			"enlarge image", "click to enlarge", "bild vergrößern", "view image in fullscreen", "image source,", "image copyright", "view gallery",
		},
		Goes:  []string{"Image caption The harbour after the storm", "FILE PHOTO: The harbour in May", "Pictured right, is Jane Roe, who crossed the bridge last, with the driver of the tram."},
		Stays: []string{"Symbole der Stadt waren Brücke und Mühle, sagt sie.", "Caption writers are a dying trade."},
	},
	{
		Kind: Caption, Name: "caption-picture", MaxWords: 40, Starts: pictureStarts, Unless: isStatement,
		Goes: []string{
			"Representational image", "Imagen de archivo del puente", "Photo d'illustration", "Ilustrační foto", "Arkivbild: bron före raset", "资料图", "자료사진", "Illustrasjonsfoto",
		},
		Stays: []string{"Stock images of the bridge were all that the agency had to sell that night, she said.", "Ilustrasi itu dibuat oleh seniman desa yang tinggal di dekat jembatan tua di utara kota."},
	},
	{
		Kind: Caption, Name: "caption-with-credit", MaxWords: 90, Func: endsInCredit,
		Goes: []string{
			"The harbour of Northport after the storm. (Jane Roe/Reuters)", "Flood waters rise in Northport on Monday. Photograph: Jane Roe/AFP",
			"Protesters march through Northport, May 3. (AP Photo/Jane Roe)", "Die Brücke am Montag. Foto: dpa", "Jane Roe, mayor of Northport. © AFP / JOHN DOE", "다리가 무너진 모습. 사진=연합뉴스", "崩れた橋（写真：共同）", "Most po zawaleniu. Fot. PAP/Jan Kowalski", "Die neue Brücke am Hafen | © dpa", "Ships wait off Northport. REUTERS/Jane Roe",
			"This undated photo shows the bridge. (City Police via Associated Press)",
		},
		Stays: []string{
			"The bridge fell on Monday, police said (the mayor had left).", "NORTHPORT (Reuters) - The bridge fell on Monday.",
			"The source told Reuters.", "He works for the agency (AFP).",
		},
	},
	{
		Kind: Attribution, Name: "reporting-by", MaxWords: 60,
		Starts: []string{
			"reporting by", "additional reporting by", "(reporting by", "writing by", "(writing by", "editing by", "(editing by", "compiled by", "edited by:", "(edited by",
			"with reporting by", "with reporting from", "with files from", "with inputs from", "with agency inputs", "with additional reporting",
			"contributed reporting", "mit material von", "mit agenturmaterial", "avec afp", "(avec afp", "avec reuters", "con información de", "com informações de", "com informações da", "com informações do", "(com informações",
			"the associated press contributed", "associated press writer", "associated press writers", "reuters contributed", "bearbeitet von", "redaktion:", "quelle:", "quellen:", "source:", "sources:", "fonte:", "fuente:", "bron:", "kilde:", "kilder:", "källa:", "källor:", "lähde:", "źródło:", "zdroj:", "kaynak:", "sumber:", "источник:", "джерело:", "来源：", "來源：", "来源:", "出典：", "출처:", "출처 :", "المصدر:", "πηγή:", "forrás:", "sursa:", "nguồn:", "mit dpa", "(mit dpa", "con ap", "(con ap", "(con efe", "con agencias", "(con agencias", "con información", "avec l'afp", "(avec l'afp", "com agências", "com agência", "(met anp",
		},
		Contains: []string{"contributed to this report", "contributed to this story", "contributed to this article", "contributed reporting", "contributed reporting from"},
		Goes: []string{
			"Reporting by Jane Roe; Editing by John Doe", "(Reporting by Jane Roe)", "Jane Roe in Northport contributed to this report.",
			"Com informações da agência", "With files from The Canadian Press",
		},
		Stays: []string{"Reporting standards are under review.", "Editing genes is easy, she said, and growing easier by the year."},
	},
	{
		Kind: Attribution, Name: "translated-by", MaxWords: 30, Starts: translationStarts, Unless: isQuoted,
		Goes: []string{
			"Translated by Jane Roe", "Aus dem Englischen von Jana Roh", "This article was translated with the help of software.", "Cet article a été traduit de l'anglais", "Traducción de Juana Roe", "Diese Zusammenfassung wurde mit KI erstellt.", "AI summary", "Vertaald door Jana Roe", "Перевод: Яна Ро",
		},
		Stays: []string{"Translated into nine languages, the book was read in Northport, too.", "\"Translated by hand\", says the first page of the book.", "Aus dem Norden kam der Sturm."},
	},
	{
		Kind: Attribution, Name: "agency-story", MaxWords: 60,
		Contains: []string{
			"this story has not been edited by", "has not been edited by our staff", "published from a syndicated feed", "auto-generated from a syndicated feed", "generated from a syndicated feed",
			"this article was originally published", "this article originally appeared", "this story originally appeared", "this article first appeared", "originally published on", "dieser artikel erschien zuerst", "cet article a été publié",
			"may not be published, broadcast", "all rights reserved", "alle rechte vorbehalten", "tous droits réservés", "todos los derechos reservados", "todos os direitos reservados", "tutti i diritti riservati", "riproduzione riservata", "reproduction interdite", "toute reproduction",
		},
		Goes:  []string{"This story has not been edited by our staff and is published from a syndicated feed.", "© 2019 The Herald. All rights reserved."},
		Stays: []string{"The series was originally published in parts, one a week.", "All rights are reserved to the heirs, the court found."},
	},
	{
		Kind: Contact, Name: "contact-line", MaxWords: 45, Func: isContact,
		Goes: []string{
			"Contact Jane Roe at jane@herald.example", "Email: news@herald.example", "Write to Jane Roe at jane@herald.example", "Follow Jane Roe on Twitter: @janeroe", "Follow us on Facebook",
			"Twitter: @janeroe", "Have a story? Email us at news@herald.example", "Jane Roe can be reached at 555-0199 or jane@herald.example.", "Follow @janeroe", "Send tips to tips@herald.example", "jane@herald.example",
			"Tel: +44 20 7946 0000",
		},
		Stays: []string{"Contact with the ship was lost.", "Police asked witnesses to come forward.", "Follow the money, he said."},
	},
	{
		Kind: AuthorBio, Name: "author-bio", MaxWords: 120, Where: AtEnds, Func: isAuthorBio,
		Goes: []string{
			"Jane Roe is a reporter for The Herald, covering ports and shipping.", "About the author", "Jane Roe is the Herald's ports correspondent. Follow her on Twitter.",
			"John loves sailing. He writes articles about the sea and has been a journalist for ten years. His hobby is chess.",
			"Jane Roe ist Redakteurin im Ressort Politik.", "Jane Roe est journaliste au service politique.", "Jane Roe is the author of \"The Bridge,\" which tells of a town and its tram.", "Jana Roh (*1958) war Direktorin der Brückenbehörde.", "The writer is a professor of history at Northport University.",
		},
		Stays: []string{"Jane Roe is a nurse at the hospital.", "He is a reporter of note, the minister said with a smile, and went on to talk about other things at length, among them the harbour, the bridge and the new road."},
	},
	{
		Kind: AuthorBio, Name: "author-heading", MaxWords: 5, Where: AtEnds, Equals: authorHeadings,
		Goes:  []string{"Die Autorin", "About the author", "Sobre el autor", "Об авторе", "O autorze", "Om forfatteren"},
		Stays: []string{"The author said no.", "Die Autorin schweigt."},
	},
	{
		Kind: Related, Name: "related-label", MaxWords: 30, Starts: relatedLabels, Unless: isPlainSentence,
		Goes: []string{
			"Read more: The bridge that fell", "READ ALSO | Who built it?", "Related: Bridges of the north", "Lesen Sie auch: Die Brücke", "Lire aussi : Le pont", "Leer más: El puente", "Leggi anche: Il ponte",
			"Leia também: A ponte", "Lees ook: De brug", "اقرأ أيضا: الجسر", "See also: Bridges", "More on this story", "Mehr zum Thema", "À lire aussi", "More great stories from The Herald", "Zum Weiterlesen:", "관련기사", "【関連記事】橋の歴史", "延伸阅读：桥的历史", "Baca juga: Jembatan", "İlgili haber: Köprü",
		},
		Stays: []string{"Read more books, the teacher said.", "Related firms were raided too.", "More on Monday's vote was not known.", "Zum Thema Geld sagte der Minister am Montag in der Stadt kein Wort.", "You may also take the ferry, which runs until midnight on most days."},
	},
	{
		Kind: Related, Name: "related-heading", MaxWords: 7, Equals: relatedHeadings,
		Goes:  []string{"Related", "Related articles", "You may also like", "Most read", "Recommended", "Auch interessant", "Sur le même sujet", "Te puede interesar", "Trending", "Top stories"},
		Stays: []string{"Mehr Licht", "Latest figures show a fall", "Links der Brücke steht die Mühle.", "Related by blood"},
	},
	{
		Kind: Related, Name: "coverage", MaxWords: 30, Contains: []string{"full coverage of", "full coverage at", "more coverage of", "more coverage at", "all of our coverage", "all our coverage", "our full coverage"}, Unless: isStatement,
		Goes:  []string{"Follow the Herald's full coverage of bridges at https://www.herald.example/bridges", "Read all our coverage of the storm here"},
		Stays: []string{"The insurer promised full coverage of the damage, but had paid nothing by Monday night.", "Coverage of the damage is dear."},
	},
	{
		Kind: Related, Name: "arrow", MaxWords: 25, Func: isArrow,
		Goes:  []string{"▶ The bridge that fell", "👉 Bridges of the north", ">>> Mehr über Brücken", "☞ 다리가 무너진 날", "► Lire le dossier"},
		Stays: []string{"> 40 metres is the span of the bridge, the engineers wrote.", "→ is an arrow."},
	},
	{
		Kind: Related, Name: "live-updates", MaxWords: 12,
		Starts: []string{
			"follow the latest live", "follow live updates", "follow our live", "follow live", "live updates:", "live:", "as it happened:", "watch live", "read the latest live", "for more stories like this", "for more news like this", "follow the latest updates", "latest updates:", "click here for", "click here to", "click here", "tap here", "hier klicken", "klicken sie hier", "cliquez ici", "haga clic aquí", "clicca qui", "clique aqui", "klik hier",
		},
		Goes:  []string{"Follow the latest live updates", "Live updates: storm hits Northport", "Click here for the full list", "For more stories like this, check our news page."},
		Stays: []string{"Click here and there was all that the old lock did that night, and nobody came to look at it again.", "Follow the latest rules, the mayor urged, and keep off the bridge until engineers have looked at every bolt."},
	},
	{
		Kind: Paywall, Name: "paywall-prompt", MaxWords: 60, Contains: paywallPhrases,
		Goes:  []string{"Already a subscriber? Log in", "Subscribe to continue reading", "This article is for subscribers only.", "Jetzt weiterlesen mit dem Abo", "Cet article est réservé aux abonnés", "Contenido exclusivo para suscriptores"},
		Stays: []string{"Inspectors were given full access to the site.", "Sie sind bereits seit Montag in Haft.", "The trial was free and fair, observers said.", "The subscriber base grew."},
	},
	{
		Kind: Newsletter, Name: "newsletter", MaxWords: 45, Contains: newsletterPhrases, Starts: newsletterStarts,
		Goes: []string{
			"Sign up for our newsletter", "Get the day's news delivered to your inbox.", "Subscribe to our daily newsletter for more", "Jetzt Newsletter abonnieren", "Inscrivez-vous à notre newsletter", "Suscríbete a nuestro boletín", "Iscriviti alla newsletter", "Download our app", "Join our WhatsApp channel", "Subscribe to The Herald and read on.", "Enjoyed this? Tell a friend.", "Meld deg på vårt nyhetsbrev", "Prenumerera på vårt nyhetsbrev", "Подписывайтесь на наш канал", "Abone olun", "Zapisz się do newslettera", "뉴스레터 구독하기",
		},
		Stays: []string{
			"The firm's newsletter named the culprit.", "Readers subscribe to twenty papers.", "The governor wrote on his Telegram channel that the bridge had fallen.", "Freedonia wants to become a member of the league.", "Patients receive daily injections.", "Folgen Siege auf Niederlagen, freut sich der Trainer.",
		},
	},
	{
		Kind: Share, Name: "share-bar", MaxWords: 12, Func: isShare,
		Goes: []string{
			"Share", "Share this article", "Tweet", "Share on Facebook", "Facebook Twitter WhatsApp Email", "Teilen", "Auf Twitter teilen", "Partager", "Compartir", "Condividi", "Compartilhar", "Delen", "شارك", "שתף", "Print", "Copy link", "1.2k Shares", "Facebook", "Save",
		},
		Stays: []string{"Share prices fell.", "Facebook and Twitter said no.", "Print is dead, he said."},
	},
	{
		Kind: Share, Name: "counter", MaxWords: 1, Func: isCounter,
		Goes:  []string{"1636", "1.2k", "3,191"},
		Stays: []string{"1984.", "A1"},
	},
	{
		Kind: Comments, Name: "comments", MaxWords: 20, Func: isComments,
		Goes: []string{
			"Comments", "12 Comments", "Leave a comment", "View comments", "Show 3 comments", "Kommentare", "Kommentar schreiben", "Commentaires", "Deja un comentario", "Commenti", "Comentários", "Reacties", "Join the conversation", "Post a comment", "Log in to comment", "Comments (0)", "Your email address will not be published.", "Sie müssen sich einloggen, um zu kommentieren", "You must be logged in to post a comment", "댓글 12", "Yorumlar", "Komentáře",
		},
		Stays: []string{"Comments by the minister drew fire.", "He declined to comment."},
	},
	{
		Kind: Comments, Name: "comment-policy", MaxWords: 60, Where: AtTail, Func: isCommentPolicy,
		Goes: []string{
			"Comments are moderated and appear after a while.", "Comments that insult others will be removed.", "Kommentare werden vor der Veröffentlichung geprüft und freigeschaltet.", "Les commentaires sont modérés a posteriori.",
			"Comentários ofensivos não serão publicados.", "Los comentarios ofensivos serán eliminados.",
		},
		Stays: []string{"The minister's comments drew fire.", "The old signs will be removed in May.", "Kommentare gab es keine.", "Os comentários do ministro irritaram a oposição."},
	},
	{
		Kind: Contact, Name: "publisher-address", MaxWords: 60, Where: AtEnds, Func: isRegistered,
		Goes: []string{
			"Rua do Porto, 12 - Centro - CNPJ: 12.345.678/0001-90 - Fone: (00) 5555-0199", "Herold Verlag GmbH, Hafenweg 3, 12345 Nordhafen, Amtsgericht Nordhafen HRB 99999", "The Herald Ltd, 3 Harbour Road, Northport. Registered in England, company number 01234567",
		},
		Stays: []string{"The company number one in ferries sold 12 boats.", "Das Amtsgericht sprach ihn am 3. Mai 2019 frei.", "A empresa, CNPJ à parte, deve 12 milhões."},
	},
	{
		Kind: Cookie, Name: "cookie-notice", MaxWords: 80, Contains: cookiePhrases,
		Goes:  []string{"We use cookies to improve your experience.", "Diese Website verwendet Cookies.", "Ce site utilise des cookies", "Accept all cookies"},
		Stays: []string{"Die Kekse heißen dort Cookies.", "She baked cookies for the crew."},
	},
	{
		Kind: Video, Name: "video-widget", MaxWords: 14, Func: isVideo,
		Goes: []string{
			"Duration 2:02", "Duration: 2 minutes", "Watch: the bridge falls", "VIDEO: The bridge falls", "02:14", "Play video", "Video abspielen", "Watch the video", "Video playback failed", "Now playing", "Laufzeit 2:10", "Durée : 02:10", "(Video: The Herald)",
		},
		Stays: []string{"Watch makers met in Basel.", "Video shows the bridge falling.", "At 02:14 the bridge fell."},
	},
	{
		Kind: Video, Name: "listen", MaxWords: 25, Starts: listenStarts,
		Goes:  []string{"Listen to this article 4 min", "Artikel anhören (3 Minuten)", "Écouter cet article", "Escucha esta noticia", "Ouvir este artigo", "기사 듣기", "Lyssna på artikeln"},
		Stays: []string{"Listen to the river, she said.", "Écouter la mer ne suffit pas."},
	},
	{
		Kind: Clock, Name: "clock", MaxWords: 9, Func: isClock,
		Goes:  []string{"9 years ago", "2 hours ago", "vor 3 Stunden", "il y a 2 heures", "hace 3 horas", "Updated 5 minutes ago", "12:17 AM", "10 min read", "3시간 전", "2小时前", "för 2 timmar sedan", "2 saat önce", "Lesezeit: 3 Minuten", "Reading time: 4 min"},
		Stays: []string{"Two years ago the bridge opened.", "2 hours ago he left the house for good."},
	},
	{
		Kind: DateStamp, Name: "date-stamp", MaxWords: 16, Where: AtEnds, Func: isDateStamp,
		Goes:  []string{"Published 12 May 2019", "Updated: May 12, 2019 10:15 am", "12.05.2019, 10:15 Uhr", "Publié le 12 mai 2019 à 10h15", "May 12, 2019", "Stand: 12.05.2019 10:15 Uhr", "Last modified on Tue 12 May 2019 10.15 BST", "2019-05-12", "5 gennaio 2025 (modifica il 6 gennaio 2025 | 15:24)", "2025年1月13日 21時37分", "입력 2025.01.13 21:37", "发布时间：2025年1月13日"},
		Stays: []string{"12 of 2019 bridges were old.", "Von 2019 an fuhr die Fähre.", "In May 2019 the bridge fell."},
	},
	{
		Kind: DateStamp, Name: "numeric-date", MaxWords: 8, Func: isNumericDate,
		Goes:  []string{"14. 01. 2020, 13:47", "2020-01-14 13:47", "14/01/2020", "01.11.2021"},
		Stays: []string{"14, 01 and 20", "2020", "12 - 3", "3:0 2020"},
	},
	{
		Kind: Navigation, Name: "machine-text", MaxWords: 40, Func: isMachineText,
		Goes:  []string{"2019-11-19T08:57:40+01:00", "https://www.herald.example/images/500-250/bridge.jpg"},
		Stays: []string{"2019-11-19 was the day of the storm.", "See https://www.herald.example for more, he said."},
	},
	{
		Kind: Byline, Name: "byline", MaxWords: 14, Where: AtEnds, Func: isByline,
		Goes:  []string{"By Jane Roe", "By JANE ROE and JOHN DOE", "Von Jane Roe", "Par Jane Roe", "Por Jane Roe", "Di Jane Roe", "By Jane Roe, Staff Writer", "Posted by Jane Roe"},
		Stays: []string{"By Monday the bridge was gone.", "Von dort ging es weiter."},
	},
	{
		Kind: Byline, Name: "dated-byline", MaxWords: 24, Func: isDatedByline,
		Goes:  []string{"Posted Tuesday, 12 May 2026, 10:15 UTC by Jane Roe", "By Jane Roe, 12 May 2019", "12. Mai 2019 von Jana Roh", "di Maria Rossi 20 Novembre 2024", "Published May 12, 2019 by A reader of Bell Lane"},
		Stays: []string{"In May 2019 the bridge was rebuilt by Jane Roe.", "Damaged on 12 May 2019 by a storm"},
	},
	{
		Kind: Byline, Name: "meta-line", MaxWords: 40, Func: isMetaLine,
		Goes:  []string{"By TNH, in News, Bridges · 12 May 2019, 10:15 · 0 Comments", "Jane Roe • 12. Mai 2019 • 10:15 Uhr", "Politik | 12.05.2019, 10:15 Uhr | Jana Roh"},
		Stays: []string{"Bridges | Towers | Walls", "The ferry leaves at 10:15 · the tram at 10:40, and both were full on 12 May 2019 when the bridge fell into the harbour."},
	},
	{
		Kind: Weather, Name: "weather", MaxWords: 12, Func: isWeather,
		Goes:  []string{"Calgary | -11.5°C |", "Northport 12°", "23 °C"},
		Stays: []string{"Bis 35 °C warm wird es im Tal, und auf der Brücke noch wärmer.", "It was -11.5°C when the bridge fell, the coldest night in years, officials said."},
	},
	{
		Kind: Banner, Name: "maintenance", MaxWords: 60,
		Contains: []string{
			"in maintenance mode", "under maintenance", "please enable javascript", "enable javascript", "javascript is disabled", "javascript aktivieren", "activer javascript", "your browser is not supported", "browser does not support", "browser is out of date", "using an outdated browser", "update your browser", "advertising blocker", "ad blocker", "adblocker", "adblock",
		},
		Goes:  []string{"The Herald is in maintenance mode until noon.", "Please enable JavaScript to view this page.", "Your browser does not support the video tag."},
		Stays: []string{"The bridge was closed for maintenance twice.", "The lift was shut for maintenance."},
	},
	{
		Kind: Advertisement, Name: "advertisement-label", MaxWords: 8, Equals: adLabels,
		Starts: []string{"article continues below", "story continues below", "story continues after", "article continues after", "continue reading below", "continue reading the main story", "advertisement -", "this advertisement has not loaded", "scroll to continue", "scroll for more", "text continues below", "continua a leggere dopo"},
		Goes:   []string{"Advertisement", "ADVERTISEMENT", "Anzeige", "Publicité", "Publicidad", "Sponsored", "Story continues below advertisement", "- Advertisement -", "Werbung", "Reklama", "إعلان"},
		Stays:  []string{"Publicidad no hubo.", "Werbung hilft nicht.", "Advertisement spending fell."},
	},
	{
		Kind: Advertisement, Name: "advertisement-text", MaxWords: 40,
		Starts: []string{"advertisement:", "advertisement :", "advert:", "sponsored:", "sponsored by:", "paid content:", "anzeige:", "werbung:", "publicité :", "publicité:", "publicidad:", "pubblicità:", "publicidade:", "advertentie:", "reklama:", "reklam:"},
		Goes:   []string{"ADVERTISEMENT: Roe & Sons, roofers since 1950", "Anzeige: Betten Muster, Hafenstraße 3"},
		Stays:  []string{"Anzeigen gab es keine.", "Advertisements: who needs them?"},
	},
	{
		Kind: Advertisement, Name: "disclosure", MaxWords: 90, Contains: disclosures,
		Goes:  []string{"We may earn a commission from links on this page.", "*Dieser Beitrag enthält Werbung", "Some pages have references to products from firms that pay us.", "Cet article contient des liens affiliés.", "Die mit Stern markierten Links sind Affiliate-Links."},
		Stays: []string{"The broker earned its commission.", "Brokers earn commissions on every bridge they sell."},
	},
	{
		Kind: Tags, Name: "tag-list", MaxWords: 40, Starts: []string{
			"tags:", "topics:", "filed under", "tagged:", "tagged with", "tagged in", "posted in", "keywords:", "schlagworte", "schlagwörter", "stichworte", "mots-clés", "mots clés", "etiquetas:", "temas:", "themen:", "categories:", "category:", "kategorie:", "thèmes :", "more on:", "more about:", "explore more on these topics", "read more about:", "related topics", "tag:", "this entry was posted", "this entry was tagged", "dieser eintrag wurde", "dieser beitrag wurde am", "dieser beitrag wurde unter", "dieser beitrag wurde in", "der beitrag wurde am", "veröffentlicht in ", "esta entrada fue publicada", "cette entrée a été publiée", "questa voce è stata pubblicata", "este post foi publicado", "bu yazı", "الكلمات المفتاحية", "תגיות",
		},
		Contains: []string{"verschlagwortet mit", "permanentlink", "bookmark the permalink"},
		Goes:     []string{"Der Beitrag wurde am Mittwoch, den 12. Mai 2019 veröffentlicht und wurde unter Brücken abgelegt.", "This entry was posted in Bridges.", "Tags: bridges, storms", "Filed under: Bridges", "Schlagworte: Brücken", "More on: bridges"},
		Stays:    []string{"Tagged animals were found.", "Topics ranged widely."},
	},
	{
		Kind: Breadcrumb, Name: "breadcrumb", MaxWords: 30, Where: AtHead, Func: isBreadcrumb,
		Goes:  []string{"Home > World > Europe", "Home » News » Bridges", "Home / News / The bridge fell", "Startseite › Politik › Inland", "You are here: Home", "Accueil > Monde"},
		Stays: []string{"Start war um acht Uhr.", "Home is where the heart is."},
	},
	{
		Kind: SectionLabel, Name: "section-label", MaxWords: 3, Where: AtHead, Equals: sectionNames,
		Goes:  []string{"World", "Politics", "Sport", "Politik", "Economía"},
		Stays: []string{"Politik ist schwer.", "World leaders met."},
	},
	{
		Kind: Notice, Name: "editorial-notice", MaxWords: 90, Where: AtEnds, Starts: noticeStarts, Contains: noticeContains, Func: isImprint,
		Goes: []string{
			"This article was amended on 3 May 2019 to correct a name.", "Our Standards: The Thomson Trust Principles.", "The views expressed in this article are the author's own.", "Editor's note: an earlier version misspelled a name.", "Fehler gefunden? Jetzt melden.", "Published in Herald, May 3rd, 2019", "Gastbeiträge müssen nicht der Meinung der Redaktion entsprechen.", "Externen Inhalt anzeigen", "Copyright: The Herald", "Las opiniones no reflejan necesariamente las del diario.", "Rättelse: namnet var fel.", "Нашли ошибку?",
		},
		Stays: []string{"Standards slipped.", "Published in 1950, the book made her name and that of the town, whose bridge is on the cover.", "Republicans said no.", "Corrections officers went on strike."},
	},
	{
		Kind: Navigation, Name: "back-to-top", MaxWords: 6, Equals: navLabels,
		Goes:  []string{"Back to top", "Skip to content", "Previous", "Next article", "Nach oben", "Load more", "Show more", "Menu"},
		Stays: []string{"Close to the bridge stands a mill.", "Next came the rain."},
	},
	{
		Kind: Navigation, Name: "download", MaxWords: 16, Func: isDownload,
		Goes:  []string{"Report of the engineers PDF | 38 KB", "Gutachten (PDF, 1,2 MB)", "Informe completo [PDF 2 MB]"},
		Stays: []string{"The PDF has 38 pages.", "A file of 38 MB is all that was left."},
	},
}

// Rules returns a copy of the table of line rules.
func Rules() []Rule { return append([]Rule(nil), rules...) }
