package indextest

import (
	"reflect"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

func unicodeTests() []test {
	return []test{
		{"Words of all scripts", scripts},
		{"Marks in all scripts", scriptMarks},
	}
}

func language(a article.Article, lang string) article.Article {
	a.Language = lang
	return a
}

func scriptArticles() []article.Article {
	return []article.Article{
		language(art("de", "Müller übt Kritik", "Die Straße nach Köln ist wegen Übergröße gesperrt."), "de"),
		language(art("fr", "L'Élysée répond", "L’État d'urgence est levé, dit le cœur d'une députée."), "fr"),
		language(art("tr", "İstanbul'da yağmur", "Diyarbakır ve Iğdır'da IŞIK yok."), "tr"),
		language(art("pl", "Łódź czeka", "Żółw przeszedł przez jezdnię."), "pl"),
		language(art("ar", "افتتاح الجسر", "قالَ رئيس البلدية إنّ الجسر الجديد سيُفتح يوم الإثنين ٢٠٢٦."), "ar"),
		language(art("he", "הגשר נפתח", "רֹאשׁ העיר אמר כי הגשר החדש ייפתח ביום שני."), "he"),
		language(art("zh", "新桥通车", "港口的新桥星期一正式通车，市长出席了仪式。iPhone手机也能看直播。"), "zh"),
		language(art("ja", "橋が開通", "東京の新しい橋が月曜日に開通した。ﾃﾚﾋﾞで放送。"), "ja"),
		language(art("ko", "다리 개통", "서울에서 새로운 다리가 월요일에 개통했다."), "ko"),
		language(art("th", "สะพานใหม่", "สะพานใหม่เปิดวันจันทร์"), "th"),
		language(art("ru", "Мост открыт", "Ещё один мост через залив открыт в понедельник."), "ru"),
		language(art("el", "Νέα γέφυρα", "Η γέφυρα άνοιξε τη Δευτέρα, είπε ο δήμαρχος."), "el"),
		language(art("hi", "नया पुल", "नया पुल सोमवार को खुला।"), "hi"),
		language(art("en", "Signs", "O'Brien paid 115,000 crowns to the U.S. envoy for Covid-19 tests at bbc.example.org; café naïve."), "en"),
	}
}

func scripts(k *kit) {
	k.upsert(scriptArticles()...)
	for _, c := range []struct {
		text string
		want string
	}{
		{"müller", "de"},
		{"MÜLLER", "de"},
		{"Mu\u0308ller", "de"}, // decomposed
		{"muller", "de"},       // without accents
		{"strasse", "de"},
		{"STRASSE", "de"},
		{"straße", "de"},
		{`"nach Koln"`, "de"},
		{"Élysée", "fr"},
		{"l'elysee", "fr"},
		{"etat urgence", "fr"},
		{`"l'état d’urgence"`, "fr"},
		{"coeur", "fr"},
		{"ISTANBUL", "tr"},
		{"istanbul", "tr"},
		{"Diyarbakir", "tr"},
		{"DIYARBAKIR", "tr"},
		{"ışık", "tr"},
		{"Lodz", "pl"},
		{"łódź", "pl"},
		{"zolw", "pl"},
		{"الجسر", "ar"},
		{"قال", "ar"}, // without vowels
		{"الجســر", "ar"},
		{"الاثنين", "ar"}, // hamza
		{"2026", "ar"},
		{`"الجسر الجديد"`, "ar"},
		{"הגשר", "he"},
		{"ראש", "he"}, // without points
		{`"הגשר החדש"`, "he"},
		{"新桥", "zh"},
		{"星期一", "zh"},
		{"市长出席", "zh"},
		{"市长", "zh"},
		{"市", "zh"},
		{"长", "zh"},
		{`"新桥 星期一"`, "zh"},
		{"iphone", "zh"},
		{"iPhone手机", "zh"},
		{"手机", "zh"},
		{"港口的新桥星期一正式通车", "zh"},
		{"東京", "ja"},
		{"テレビ", "ja"}, // full width
		{"新しい橋", "ja"},
		{"서울", "ko"}, // without the particle
		{"다리가", "ko"},
		{"새로운 다리", "ko"},
		{"สะพาน", "th"},
		{"วันจันทร์", "th"},
		{"еще", "ru"},
		{"МОСТ", "ru"},
		{"мосты", "ru"}, // inflected
		{"γεφυρα", "el"},
		{"ΔΗΜΑΡΧΟΣ", "el"},
		{"सोमवार", "hi"},
		{"O'Brien", "en"},
		{"o’brien", "en"},
		{"brien", "en"},
		{"115000", "en"},
		{"115,000", "en"},
		{"us envoy", "en"},
		{"U.S.", "en"},
		{"covid 19", "en"},
		{"covid-19", "en"},
		{"bbc", "en"},
		{"bbc.example.org", "en"},
		{"cafe", "en"},
		{"naive", "en"},
	} {
		k.finds(c.text, c.want)
	}
	for _, text := range []string{"桥新", "星期二", "一期星", "울서", "סגור", "सोमवारी", "\"brien o\"", "11", "000"} {
		k.finds(text)
	}
}

func scriptMarks(k *kit) {
	k.upsert(scriptArticles()...)
	for text, want := range map[string][]string{
		"straße koln": {"Straße", "Köln"},
		"etat":        {"État"},
		"قال الجديد":  {"قالَ", "الجديد"},
		"ראש":         {"רֹאשׁ"},
		"市长出席":        {"市长出席"},
		"一":           {"一"},
		`"新桥星期一" 市长`:  {"新桥星期一", "市长"},
		"서울 다리":       {"서울", "다리"},
		"мосты":       {"мост"},
		"115000 u.s.": {"115,000", "U.S"},
		`"covid 19"`:  {"Covid-19"},
		"brien covid": {"Brien", "Covid"},
		"テレビ":         {"ﾃﾚﾋﾞ"},
		"สะพาน วันจันทร์": {"สะพาน", "วันจันทร์"},
	} {
		h := k.search(index.Query{Text: text}).Hits
		if len(h) != 1 {
			k.Errorf("%s: %d hits", text, len(h))
			continue
		}
		if got := marked(h[0].Snippet, h[0].Marks); !reflect.DeepEqual(got, want) {
			k.Errorf("%s marked %q in %q, want %q", text, got, h[0].Snippet, want)
		}
	}
}
