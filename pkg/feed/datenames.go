//nolint:misspell // words of other languages
package feed

import (
	"strings"
	"time"
)

// monthNames are the names and abbreviations of the months in the languages of
// feeds, lower-case; in those that decline, as they stand in a date. A name is
// also recognised by a prefix of three characters or more of one listed here if
// no other month begins with it.
var monthNames = [12]string{
	"january januar janvier enero gennaio janeiro januari styczeń stycznia leden ledna január januára января январь января січня студзеня ocak ianuarie tammikuu tammikuuta ιανουάριος ιανουαρίου янв jänner gener janar януари јануар jan ene gen sty led oca ian tammi ιαν січ يناير كانون ژانویه जनवरी জানুয়ারি ינואר มกราคม januára sausio janvāris jaanuar siječnja janv januarie xaneiro siječanj januarja janúar janúara janvārī yanvar ujanuwari januwari ngojanuwari січень јануара јануари қаңтар қаңтарда جانفي جنوری בינואר জানুয়ারী ஜனவரி",
	"february februar février febrero febbraio fevereiro februari luty lutego únor února február februára февраля февраль лютого лютага şubat februarie helmikuu helmikuuta φεβρουάριος φεβρουαρίου feber febrer shkurt февруари фебруар feb fév fev lut úno şub helmi φεβ фев лют فبراير شباط فوریه फ़रवरी फरवरी ফেব্রুয়ারি פברואר กุมภาพันธ์ vasario februāris veebruar veljače fevr fevrier févr febreiro veljača februarja febrúar februārī febr fevral pebruari ufebhuwari febhuwari ngofebhuwari pebrero февр лютий фебруара ақпан فيفري فروری בפברואר ফেব্রুয়ারী பிப்ரவரி",
	"march märz mars marzo março maart marzec marca březen března marec мар марта март березня сакавіка mart martie maaliskuu maaliskuuta március μάρτιος μαρτίου març mar mrz mär mrt maa bře μαρ бер مارس آذار मार्च মার্চ מרץ มีนาคม kovo marts märts ožujka mars maerz marco ožujak maalis martā márc maret machi umashi mashi ngomashi matshi marso березень наурыз اذار مارچ במרץ மார்ச்",
	"april avril abril aprile kwiecień kwietnia duben dubna apríl apríla апреля апрель квітня красавіка nisan aprilie huhtikuu huhtikuuta április απρίλιος απριλίου prill април apr avr abr kwi dub nis huhti απρ апр кві أبريل ابريل نيسان آوریل अप्रैल এপ্রিল אפריל เมษายน balandžio aprīlis aprill travnja travanj aprila aprīlī aprel aprili ephreli uephreli ngoephreli apreli квітень квіт априла сәуір إبريل أفريل اپریل באפריל ஏப்ரல்",
	"may mai mayo maggio maio mei maj maja květen května máj mája мая май травня траўня mayıs toukokuu toukokuuta május μάιος μαΐου maig mag mayıs kvě touko μαι μαϊ тра مايو أيار مه मई মে מאי พฤษภาคม gegužės maijs svibnja svibanj maijā umeyi meyi ngomeyi травень трав маја мамыр μαΐος ايار במאי",
	"june juni juin junio giugno junho czerwiec czerwca červen června jún júna июня июнь червня чэрвеня haziran iunie kesäkuu kesäkuuta június ιούνιος ιουνίου juny qershor юни јун jun giu cze čvn haz iun kesä ιουν июн чер يونيو يونيه حزيران ژوئن जून জুন יוני มิถุนายน birželio jūnijs juuni lipnja junie xuño lipanj junija júní jūnijā iyun ujuni ngojuni hunyo червень черв јуна јуни маусым جوان ביוני ஜூன்",
	"july juli juillet julio luglio julho lipiec lipca červenec července júl júla июля июль липня ліпеня temmuz iulie heinäkuu heinäkuuta július ιούλιος ιουλίου juliol korrik юли јул jul lug lip čvc tem iul heinä ιουλ июл лип يوليو يوليه تموز ژوئیه जुलाई জুলাই יולי กรกฎาคม liepos jūlijs juuli srpnja juil julie xullo srpanj julija júlí jūlijā iyul julai ujulayi julayi ngojulayi hulyo липень јула јули шілде جويلية جولای جولائی ביולי जुलै ஜூலை",
	"august août aout agosto agost augustus sierpień sierpnia srpen srpna augusta августа август серпня жніўня ağustos elokuu elokuuta augusztus αύγουστος αυγούστου gusht aug aoû ago sie srp ağu elo αυγ авг сер أغسطس اغسطس آب اوت अगस्त আগস্ট אוגוסט สิงหาคม rugpjūčio augusts kolovoza augusti kolovoz avgust avgusta ágúst augustā agustus ogos agosti uagasti agasti ngoagasti серпень серп тамыз آگوست اگست באוגוסט ऑगस्ट আগষ্ট ஆகஸ்ட்",
	"september septembre septiembre settembre setembro wrzesień września září septembra сентября сентябрь вересня верасня eylül septembrie syyskuu syyskuuta szeptember σεπτέμβριος σεπτεμβρίου setembre shtator септември септембар sep sept set wrz zář eyl syys szept σεπ сен вер سبتمبر أيلول سپتامبر सितंबर सितम्बर সেপ্টেম্বর ספטמבר กันยายน rugsėjo septembris rujna setiembre sett rujan septembar septembrī sentyabr sentabr septemba usepthemba septhemba ngosepthemba setyembre сент вересень септембра қыркүйек شتنبر ايلول ستمبر בספטמבר सप्टेंबर செப்டம்பர்",
	"october oktober octobre octubre ottobre outubro październik października říjen října október októbra октября октябрь жовтня кастрычніка ekim octombrie lokakuu lokakuuta οκτώβριος οκτωβρίου octubre tetor октомври октобар oct okt ott out paź říj eki loka οκτ окт жов أكتوبر اكتوبر تشرين اکتبر अक्टूबर অক্টোবর אוקטובר ตุลาคม spalio oktobris oktoober oktobar oktobra oktobrī oktyabr oktabr oktoba uokthoba okthoba ngookthoba oktubre жовтень жовт октобра қазан اکتوبر באוקטובר अक्तूबर ऑक्टोबर அக்டோபர்",
	"november novembre noviembre novembro listopad listopada listopadu novembra ноября ноябрь листопада лістапада kasım noiembrie marraskuu marraskuuta νοέμβριος νοεμβρίου nëntor ноември новембар nov lis kas noi marras νοε ноя лис نوفمبر نوامبر नवंबर नवम्बर নভেম্বর נובמבר พฤศจิกายน lapkričio novembris studenoga studenog studeni novembar nóvember novembrī noyabr nopember novemba unovemba ngonovemba nobyembre нояб листопад лист новембра қараша نونبر نومبر בנובמבר नोव्हेंबर நவம்பர்",
	"december dezember décembre diciembre dicembre dezembro desember grudzień grudnia prosinec prosince decembra декабря декабрь грудня снежня aralık decembrie joulukuu joulukuuta δεκέμβριος δεκεμβρίου desembre dhjetor декември децембар dec dez déc dic gru pro ara joulu δεκ дек гру ديسمبر دسامبر दिसंबर दिसम्बर ডিসেম্বর דצמבר ธันวาคม gruodžio decembris detsember prosinca des decembre decembro prosinac decembar decembrī dekabr disember desemba udisemba disemba ngodisemba disyembre грудень груд децембра желтоқсан دجنبر دسمبر בדצמבר डिसेंबर டிசம்பர்",
}

// months is monthNames, turned around.
var months = monthTable()

func monthTable() map[string]time.Month {
	table := map[string]time.Month{}
	for i, names := range monthNames {
		for _, name := range strings.Fields(names) {
			table[name] = time.Month(i + 1)
		}
	}
	return table
}

// monthOf returns the month that a word names, or 0.
func monthOf(word string) time.Month {
	return months[word]
}

// zoneOffset returns the hours east of Greenwich of a named zone. Of the
// ambiguous names it takes the reading that feeds mean.
func zoneOffset(name string) (hours float64, ok bool) {
	switch name {
	case "z", "ut", "utc", "gmt", "wet":
		return 0, true
	case "bst", "cet", "met", "mez", "west", "wat":
		return 1, true
	case "cest", "mesz", "mest", "eet", "sast", "cat":
		return 2, true
	case "eest", "msk", "мск", "eat", "trt":
		return 3, true
	case "msd", "gst":
		return 4, true
	case "pkt":
		return 5, true
	case "ist":
		return 5.5, true
	case "wib", "ict":
		return 7, true
	case "hkt", "sgt", "awst", "wita", "pht", "myt":
		return 8, true
	case "jst", "kst", "wit":
		return 9, true
	case "acst":
		return 9.5, true
	case "aest":
		return 10, true
	case "aedt":
		return 11, true
	case "nzst":
		return 12, true
	case "nzdt":
		return 13, true
	case "brt", "art", "adt":
		return -3, true
	case "ast", "edt", "clt":
		return -4, true
	case "est", "cdt", "pet", "cot":
		return -5, true
	case "cst", "mdt":
		return -6, true
	case "mst", "pdt":
		return -7, true
	case "pst", "akdt":
		return -8, true
	case "akst":
		return -9, true
	case "hst":
		return -10, true
	}
	return 0, false
}
