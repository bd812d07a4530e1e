//nolint:misspell // other languages
package extract

import (
	"strings"
	"testing"
)

// languageTexts are sentences of our own, one text a language.
var languageTexts = map[string]string{
	"en": "The bridge at Northport fell on Monday night, and the mayor said that it was not to be built again before spring. The ferry will run for as long as it takes.",
	"de": "Die Brücke ist in der Nacht zum Montag gefallen, und der Bürgermeister sagte, dass sie nicht vor dem Frühjahr wieder gebaut wird. Die Fähre fährt, solange es dauert.",
	"fr": "Le pont est tombé dans la nuit de lundi, et le maire a dit qu'il ne sera pas reconstruit avant le printemps. Le bac va circuler pour tous ceux qui en ont besoin.",
	"es": "El puente se cayó en la noche del lunes y el alcalde dijo que no se va a reconstruir antes de la primavera. El transbordador funcionará para todos los que lo necesiten.",
	"it": "Il ponte è caduto nella notte di lunedì e il sindaco ha detto che non sarà ricostruito prima della primavera. Il traghetto resta in servizio per tutti quelli che ne hanno bisogno.",
	"pt": "A ponte caiu na noite de segunda-feira e o prefeito disse que ela não será reconstruída antes da primavera. A balsa vai funcionar para todos os que não podem esperar.",
	"nl": "De brug is in de nacht van maandag gevallen en de burgemeester zei dat ze niet voor het voorjaar wordt herbouwd. De veerboot blijft varen voor iedereen die naar de overkant moet.",
	"sv": "Bron föll natten till måndag, och borgmästaren sade att den inte ska byggas igen före våren. Färjan går så länge det behövs för alla som inte kan komma hem.",
	"no": "Broen falt natt til mandag, og ordføreren sa at den ikke skal bygges opp igjen før våren. Ferjen går så lenge det trengs for alle som ikke får komme hjem etter jobb.",
	"da": "Broen faldt natten til mandag, og borgmesteren sagde, at den ikke bliver bygget op igen før foråret. Færgen sejler, så længe det er nødvendigt, for alle der ikke kan få lov at komme hjem af sig selv.",
	"fi": "Silta sortui maanantain vastaisena yönä, ja kaupunginjohtaja sanoi, että sitä ei rakenneta uudelleen ennen kevättä. Lautta kulkee niin kauan kuin on tarpeen, mutta vain päivisin.",
	"is": "Brúin féll aðfaranótt mánudags og bæjarstjórinn sagði að hún yrði ekki byggð aftur fyrr en í vor. Ferjan siglir eins lengi og það þarf fyrir þá sem búa hinum megin við fjörðinn.",
	"pl": "Most runął w nocy z niedzieli na poniedziałek, a burmistrz powiedział, że nie zostanie odbudowany przed wiosną. Prom będzie kursował tak długo, jak to jest potrzebne.",
	"cs": "Most spadl v noci na pondělí a starosta řekl, že se do jara znovu stavět nebude. Přívoz bude jezdit tak dlouho, jak to bude třeba, ale jen přes den.",
	"sk": "Most spadol v noci na pondelok a starosta povedal, že sa do jari znova stavať nebude. Kompa bude premávať tak dlho, ako to bude treba, ale len cez deň, aby nikto nečakal.",
	"hu": "A híd hétfőre virradóra leszakadt, és a polgármester azt mondta, hogy tavasz előtt nem építik újjá. A komp addig jár, amíg csak szükség van rá, de csak nappal.",
	"ro": "Podul a căzut în noaptea de luni, iar primarul a spus că nu va fi reconstruit înainte de primăvară. Bacul va circula atât cât este nevoie, pentru toți cei care nu au altă cale.",
	"hr": "Most se srušio u noći na ponedjeljak, a gradonačelnik je rekao da se prije proljeća neće graditi ponovno. Trajekt će voziti tijekom cijelog tjedna, što je također dobro za one koji žive gdje nema ceste.",
	"sr": "Most se srušio u noći na ponedeljak, a gradonačelnik je rekao da se pre proleća neće graditi ponovo. Trajekt će voziti tokom cele nedelje, šta god da bude, gde god nema puta.",
	"bs": "Most se srušio u noći na ponedjeljak, a načelnik je kazao da se prije proljeća neće graditi ponovo. Trajekt će voziti tokom cijele sedmice, šta god bude, gdje god nema ceste, kao što je u Sarajevu.",
	"sl": "Most se je zrušil v noči na ponedeljek, župan pa je dejal, da ga pred pomladjo ne bodo ponovno zgradili. Trajekt bo vozil, dokler bo to potrebno, vendar le čez dan.",
	"et": "Sild varises ööl vastu esmaspäeva kokku ja linnapea ütles, et seda enne kevadet uuesti ei ehitata. Praam sõidab nii kaua, kui see on vaja, kuid ainult päeval.",
	"lv": "Tilts sabruka naktī uz pirmdienu, un mērs teica, ka to līdz pavasarim vēl neatjaunos. Prāmis kursēs tik ilgi, cik tas ir vajadzīgs, bet tikai dienā.",
	"lt": "Tiltas sugriuvo naktį į pirmadienį, o meras sakė, kad jis iki pavasario nebus atstatytas. Keltas plauks tol, kol jo reikės, bet tik dieną, nes taip yra saugiau.",
	"tr": "Köprü pazartesi gecesi çöktü ve belediye başkanı bahara kadar yeniden yapılmayacağını söyledi. Feribot bu süre için her gün çalışacak, ama daha çok gündüz olarak.",
	"az": "Körpü bazar ertəsi gecə uçdu və şəhər rəhbəri bildirib ki, o yaza qədər yenidən tikilməyəcək. Bərə isə lazım olan qədər hər gün işləyəcək, amma yalnız gündüz üçün.",
	"sq": "Ura u rrëzua natën e së hënës dhe kryetari i bashkisë tha se nuk do të ndërtohet para pranverës. Trageti do të punojë për të gjithë ata që duan të kalojnë në anën tjetër.",
	"ca": "El pont va caure dilluns a la nit i l'alcalde va dir que no es tornarà a construir abans de la primavera. El transbordador funcionarà per a tots els que ho necessitin, amb més viatges.",
	"gl": "A ponte caeu na noite do luns e o alcalde dixo que non se vai reconstruír antes da primavera. O transbordador funcionará para todos os que o precisen, cunha viaxe máis pola mañá.",
	"eu": "Zubia astelehen gauean erori zen, eta alkateak esan du ez dela udaberria baino lehen berriro eraikiko. Ferrya behar den bezala ibiliko da, baina egunez bakarrik egiten du lan.",
	"ga": "Thit an droichead oíche Luain agus dúirt an méara nach mbeidh sé á thógáil arís roimh an earrach. Beidh an bád farantóireachta ag dul go dtí an taobh eile gach lá ar feadh na bliana.",
	"cy": "Syrthiodd y bont nos Lun ac mae'r maer wedi dweud na fydd yn cael ei hailgodi cyn y gwanwyn. Bydd y fferi yn rhedeg i bawb sydd wedi gorfod aros, ond dim ond yn y dydd.",
	"id": "Jembatan itu runtuh pada Senin malam dan wali kota mengatakan bahwa jembatan tidak akan dibangun kembali karena musim hujan belum usai. Kapal feri akan beroperasi untuk para warga yang harus bisa menyeberang.",
	"ms": "Jambatan itu runtuh pada malam Isnin dan Datuk Bandar berkata bahawa ia tidak akan dibina semula kerana musim hujan belum tamat. Feri boleh digunakan oleh pihak awam selepas ini, katanya ketika ditemui.",
	"tl": "Bumagsak ang tulay noong Lunes ng gabi at sinabi ng alkalde na hindi ito itatayong muli bago mag-Marso. Ang lantsa ay para sa mga taong nasa kabilang panig ng ilog.",
	"vi": "Cây cầu bị sập vào đêm thứ Hai và thị trưởng cho biết nó sẽ không được xây lại trước mùa xuân. Phà vẫn chạy cho những người cần đi qua sông trong thời gian này.",
	"sw": "Daraja hilo lilianguka usiku wa Jumatatu na meya alisema kuwa halitajengwa tena kabla ya mwezi wa tatu. Kivuko kitafanya kazi kwa watu wote wa mkoa huo hadi daraja hilo liwe tayari.",
	"xh": "Ibhulorho iwile ngobusuku bangoMvulo kwaye usodolophu uthe ayizukwakhiwa kwakhona phambi kwentwasahlobo. Isikhephe siza kusebenza ukuze abantu bakwazi ukuwela, kodwa urhulumente ufuna ukuba kubekho amapolisa kunye nabancedisi.",
	"zu": "Ibhuloho liwe ngobusuku bangoMsombuluko futhi imeya ithe ngeke lakhiwe kabusha ngaphambi kwentwasahlobo. Isikebhe sizosebenza ukuze abantu bakwazi ukuwela, kodwa uhulumeni ufuna ukuthi kube khona amaphoyisa noma abasizi.",
	"af": "Die brug het Maandagnag geval en die burgemeester het gesê dat dit nie voor die lente weer gebou sal word nie. Die pont loop vir almal wat na die ander kant toe moet gaan.",
	"so": "Buundadu waxay dhacday habeenkii Isniinta, waxaana duqa magaalada uu sheegay in aan la dhisi doonin ka hor guga. Doontu waxay u shaqayn doontaa dadka oo dhan ee ku nool dhinaca kale.",
	"ha": "Gadar ta rushe a daren Litinin kuma magajin garin ya ce ba za a sake gina ta ba kafin damina. Jirgin ruwa zai yi aiki don mutane da suka kasa tsallake kogi a cikin wannan lokaci.",
	"ru": "Мост обрушился в ночь на понедельник, и мэр сказал, что до весны его не будут строить заново. Паром будет ходить столько, сколько нужно, но только днём и для жителей.",
	"uk": "Міст упав у ніч на понеділок, і мер сказав, що до весни його не будуть відбудовувати. Пором ходитиме стільки, скільки буде треба, але лише вдень і для мешканців.",
	"be": "Мост абрынуўся ў ноч на панядзелак, і мэр сказаў, што да вясны яго не будуць аднаўляць. Паром будзе хадзіць столькі, колькі трэба, але толькі ўдзень і для жыхароў.",
	"bg": "Мостът се срути в нощта срещу понеделник и кметът каза, че няма да бъде построен отново преди пролетта. Фериботът ще се движи, докато е нужно, но само през деня.",
	"mk": "Мостот се урна ноќта кон понеделник и градоначалникот рече дека нема да се гради повторно пред пролетта. Траектот ќе вози додека е потребно, но само преку ден.",
	"kk": "Көпір дүйсенбіге қараған түні құлап, әкім оның көктемге дейін қайта салынбайтынын айтты. Паром қажет болғанша жүреді, бірақ тек күндіз және тұрғындар үшін ғана.",
	"ar": "انهار الجسر ليلة الاثنين وقال رئيس البلدية إن إعادة بنائه لن تتم قبل الربيع. وستعمل العبارة ما دامت الحاجة إليها قائمة، لكن خلال النهار فقط، كما قال في بيان.",
	"fa": "پل در شب دوشنبه فرو ریخت و شهردار گفت که تا بهار دوباره ساخته نخواهد شد. قایق برای کسانی که باید از رودخانه بگذرند کار خواهد کرد، اما این تنها در روز است.",
	"ur": "پل پیر کی رات گر گیا اور میئر نے کہا کہ اسے بہار سے پہلے دوبارہ نہیں بنایا جائے گا۔ کشتی ان لوگوں کے لیے چلتی رہے گی جو دریا کے پار جانا چاہتے ہیں۔",
	"hi": "पुल सोमवार की रात को गिर गया और मेयर ने कहा कि इसे वसंत से पहले दोबारा नहीं बनाया जाएगा। नाव उन लोगों के लिए चलती रहेगी जो नदी के पार जाना चाहते हैं।",
	"mr": "पूल सोमवारी रात्री कोसळला आणि महापौरांनी सांगितले की तो वसंत ऋतूपूर्वी पुन्हा बांधला जाणार नाही. ज्यांना नदी ओलांडायची आहे त्यांच्यासाठी होडी सुरू राहणार आहे, असे ते म्हणाले.",
	"ne": "पुल सोमबार राति भत्कियो र मेयरले वसन्तअघि यसलाई फेरि नबनाइने बताए। नदी पार गर्न चाहने मानिसका लागि डुंगा चल्ने छ भने दिउँसो मात्र यो सेवा उपलब्ध हुन सक्ने छ।",
	"el": "Η γέφυρα έπεσε τη νύχτα της Δευτέρας και ο δήμαρχος είπε ότι δεν θα ξαναχτιστεί πριν από την άνοιξη.",
	"he": "הגשר קרס בליל שני וראש העיר אמר שהוא לא ייבנה מחדש לפני האביב. המעבורת תפעל כל עוד יש בה צורך.",
	"ja": "橋は月曜日の夜に崩落し、市長は春まで再建しないと述べた。必要な間は渡し船が運航される。",
	"ko": "다리는 월요일 밤에 무너졌고 시장은 봄까지 다시 짓지 않겠다고 말했다. 필요한 동안 나룻배가 다닌다.",
	"zh": "大桥于星期一夜间倒塌，市长表示春天之前不会重建。渡轮将在需要的时候继续运行，但只限白天。",
	"th": "สะพานถล่มในคืนวันจันทร์ และนายกเทศมนตรีกล่าวว่าจะไม่สร้างใหม่ก่อนฤดูใบไม้ผลิ",
	"bn": "সেতুটি সোমবার রাতে ভেঙে পড়ে এবং মেয়র বলেছেন যে বসন্তের আগে এটি পুনর্নির্মাণ করা হবে না।",
	"ta": "திங்கட்கிழமை இரவு பாலம் இடிந்து விழுந்தது, வசந்த காலத்திற்கு முன் அது மீண்டும் கட்டப்படாது என்று மேயர் கூறினார்.",
	"ka": "ხიდი ორშაბათს ღამით ჩამოინგრა და მერმა თქვა, რომ გაზაფხულამდე მას აღარ ააშენებენ.",
}

// TestLanguageOfText tells every text by itself, and keeps its declared code.
func TestLanguageOfText(t *testing.T) {
	for code, text := range languageTexts {
		if got := detectLanguage("", "", text); got != code {
			t.Errorf("%s: told as %q", code, got)
		}
		if got := detectLanguage(code, "", text); got != code {
			t.Errorf("%s: declared so, and told as %q", code, got)
		}
	}
}

// TestLanguageWronglyDeclared declares every text to be in each of the languages
// that templates are left in, and expects the text to have the last word.
func TestLanguageWronglyDeclared(t *testing.T) {
	near := map[string]bool{"bs": true, "hr": true, "sr": true} // one language in three names
	for code, text := range languageTexts {
		for _, declared := range []string{"en", "de", "fr", "ru", "sr"} {
			if declared == code || near[declared] && near[code] {
				continue
			}
			if got := detectLanguage(declared, "", text+" "+text); got != code {
				t.Errorf("%s declared as %s: told as %q", code, declared, got)
			}
		}
	}
}

func TestDetectLanguage(t *testing.T) {
	for name, test := range map[string]struct{ declared, feed, sample, want string }{
		"as declared":            {"en-GB", "", languageTexts["en"], "en"},
		"declared wrongly":       {"en", "", languageTexts["de"], "de"},
		"not declared":           {"", "", languageTexts["de"], "de"},
		"the feed says":          {"", "sv", languageTexts["sv"], "sv"},
		"too short to tell":      {"fr", "", "The bridge", "fr"},
		"nothing to go by":       {"", "", "", ""},
		"numbers only":           {"", "", strings.Repeat("12 : 3 ", 40), ""},
		"a neighbour":            {"nn", "", languageTexts["no"], "nn"},
		"another than known":     {"fo", "", strings.Repeat("Brúgvin ", 30), "fo"},
		"a quotation at the top": {"de", "", strings.Repeat("We will not build it again, and that is all that there is to say. ", 3) + strings.Repeat(languageTexts["de"]+" ", 12), "de"},
		"filler of designers":    {"", "", "Lorem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation.", "la"},
		"filler as declared":     {"en", "", strings.Repeat("Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo. ", 3), "en"},
		"one word over and over": {"en", "", strings.Repeat("Northport ", 200), "en"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := detectLanguage(test.declared, test.feed, test.sample); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestLanguageTable checks the table: its rows fit into a set of 64 bits, and
// no word is too long or has a mark that would cut it.
func TestLanguageTable(t *testing.T) {
	if len(languageTable) > 64 {
		t.Fatalf("%d rows do not fit", len(languageTable))
	}
	for _, l := range languageTable {
		for w := range strings.FieldsSeq(l.words) {
			var c languageCount
			c.read(w)
			if c.words > 1 || len(w) > 60 || strings.ToLower(w) != w {
				t.Errorf("%s: %q is not one word in small letters", l.code, w)
			}
		}
	}
}

func BenchmarkDetectLanguage(b *testing.B) {
	text := strings.Repeat(languageTexts["de"]+" ", 10)
	for b.Loop() {
		detectLanguage("de", "", text)
	}
}
