//nolint:misspell // words of other languages
package extract

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// dateWord says what a word means in a line with a date; 1 to 12 are the months.
type dateWord uint8

const (
	wordNone dateWord = 0
	// The words between the parts of a date and before its time: "de", "um".
	wordFiller dateWord = iota + 20
	wordWeekday
	wordAM
	wordPM
	wordClock     // "Uhr" and "Uhr" in other languages: the number before it is a time
	wordAt        // "kl." and "klo": the number after it is a time
	wordPublished // "Posted"
	wordUpdated   // "Updated"
	wordCopyright
	wordEvent // "Termin:": the date is of something else
	wordYear  // the signs of Chinese, Japanese and Korean dates
	wordMonth
	wordDay
	wordHour
	wordMinute
	wordSecond
	wordAutumn // Arabic months of two words: the first or second of
	wordWinter
	wordFirst
	wordSecondOf
	wordZone
)

// monthNames are the names of the months, lower case, by language; a row has
// twelve, and further forms behind a slash.
const monthNames = `
january/jan february/feb march/mar april/apr may june/jun july/jul august/aug september/sep/sept october/oct november/nov december/dec
januar/jänner februar/feber märz/maerz/mrz april mai juni juli august september oktober/okt november dezember/dez
janvier/janv février/fevrier/févr/fév mars avril/avr mai juin juillet/juil août/aout septembre octobre novembre décembre/decembre/déc
enero/ene febrero marzo abril/abr mayo junio julio agosto/ago septiembre/setiembre octubre noviembre diciembre/dic
gennaio/gen febbraio marzo aprile maggio/mag giugno/giu luglio/lug agosto settembre/sett/set ottobre/ott novembre dicembre
janeiro fevereiro/fev março/marco abril maio/mai junho julho agosto setembro/set outubro/out novembro dezembro/dez
januari februari maart/mrt april mei juni juli augustus september oktober november december
januarie februarie maart april mei junie julie augustus september oktober november desember
gener febrer març abril maig juny juliol agost setembre octubre novembre desembre
xaneiro febreiro marzo abril maio xuño xullo agosto setembro outubro novembro decembro
stycznia/styczeń/sty lutego/luty/lut marca/marzec kwietnia/kwiecień/kwi maja/maj czerwca/czerwiec/cze lipca/lipiec/lip sierpnia/sierpień/sie września/wrzesień/wrz października/październik/paź listopada/listopad/lis grudnia/grudzień/gru
ledna/leden/led února/únor/úno března/březen/bře dubna/duben/dub května/květen/kvě června/červen/čvn července/červenec/čvc srpna/srpen/srp září/zář října/říjen/říj listopadu prosince/prosinec/pro
januára február/februára marec apríla/apríl mája/máj júna/jún júla/júl augusta septembra októbra/október novembra decembra
siječnja/siječanj veljače/veljača ožujka/ožujak travnja/travanj svibnja/svibanj lipnja/lipanj srpnja/srpanj kolovoza/kolovoz rujna/rujan . studenoga/studenog/studeni prosinca/prosinac
januar februar mart april maj jun jul avgust/avg septembar oktobar novembar decembar
januarja februarja marca aprila maja junija julija avgusta septembra oktobra novembra decembra
januari februari mars april maj juni juli augusti september oktober november december
januar februar mars/marts april mai/maj juni juli august september oktober november desember/december/des
tammikuuta/tammikuu/tammi helmikuuta/helmikuu/helmi maaliskuuta/maaliskuu/maalis huhtikuuta/huhtikuu/huhti toukokuuta/toukokuu/touko kesäkuuta/kesäkuu/kesä heinäkuuta/heinäkuu/heinä elokuuta/elokuu/elo syyskuuta/syyskuu/syys lokakuuta/lokakuu/loka marraskuuta/marraskuu/marras joulukuuta/joulukuu/joulu
janúar/janúara febrúar mars apríl maí júní júlí ágúst september október nóvember desember
jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember
janvāris/janvārī februāris/februārī marts/martā aprīlis/aprīlī maijs/maijā jūnijs/jūnijā jūlijs/jūlijā augusts/augustā septembris/septembrī oktobris/oktobrī novembris/novembrī decembris/decembrī
sausio vasario kovo balandžio gegužės birželio liepos rugpjūčio rugsėjo spalio lapkričio gruodžio
január február/febr március/márc április/ápr május/máj június/jún július/júl augusztus szeptember/szept október november december
ianuarie/ian februarie martie aprilie mai iunie/iun iulie/iul august septembrie octombrie noiembrie decembrie
ocak/oca şubat/şub mart nisan/nis mayıs/may haziran/haz temmuz/tem ağustos/ağu eylül/eyl ekim/eki kasım/kas aralık/ara
yanvar fevral mart aprel may iyun iyul avgust sentyabr/sentabr oktyabr/oktabr noyabr dekabr
januari/jan februari/pebruari maret/mar april mei juni juli agustus/agu/agt september oktober/okt november/nopember desember/des
januari februari mac april mei jun julai ogos september oktober november disember
januari februari machi aprili mei juni julai agosti septemba oktoba novemba desemba
ujanuwari/januwari/ngojanuwari ufebhuwari/febhuwari/ngofebhuwari umashi/mashi/ngomashi/matshi ephreli/uephreli/ngoephreli/apreli umeyi/meyi/ngomeyi ujuni/ngojuni ujulayi/julayi/ngojulayi uagasti/agasti/ngoagasti usepthemba/septhemba/ngosepthemba uokthoba/okthoba/ngookthoba unovemba/novemba/ngonovemba udisemba/disemba/ngodisemba
enero pebrero marso abril mayo hunyo hulyo agosto setyembre oktubre nobyembre disyembre
января/январь/янв февраля/февраль/фев/февр марта/март/мар апреля/апрель/апр мая/май июня/июнь/июн июля/июль/июл августа/август/авг сентября/сентябрь/сен/сент октября/октябрь/окт ноября/ноябрь/ноя/нояб декабря/декабрь/дек
січня/січень/січ лютого/лютий/лют березня/березень/бер квітня/квітень/квіт травня/травень/трав червня/червень/черв липня/липень/лип серпня/серпень/серп вересня/вересень/вер жовтня/жовтень/жовт листопада/листопад/лист грудня/грудень/груд
студзеня лютага сакавіка красавіка . чэрвеня ліпеня жніўня верасня кастрычніка лістапада снежня
януари февруари март април май юни юли август септември октомври ноември декември
јануар/јануара/јануари фебруар/фебруара/февруари марта/март април/априла мај/маја јун/јуна/јуни јул/јула/јули август/августа септембар/септембра/септември октобар/октобра/октомври новембар/новембра/ноември децембар/децембра/декември
қаңтар/қаңтарда ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан
ιανουαρίου/ιανουάριος/ιαν φεβρουαρίου/φεβρουάριος/φεβ μαρτίου/μάρτιος/μαρ απριλίου/απρίλιος/απρ μαΐου/μαΐος/μαϊ ιουνίου/ιούνιος/ιουν ιουλίου/ιούλιος/ιουλ αυγούστου/αύγουστος/αυγ σεπτεμβρίου/σεπτέμβριος/σεπ οκτωβρίου/οκτώβριος/οκτ νοεμβρίου/νοέμβριος/νοε δεκεμβρίου/δεκέμβριος/δεκ
يناير فبراير مارس أبريل/ابريل/إبريل مايو يونيو/يونيه يوليو/يوليه أغسطس/اغسطس سبتمبر أكتوبر/اكتوبر نوفمبر ديسمبر
جانفي فيفري مارس أفريل ماي جوان جويلية أوت/غشت شتنبر . نونبر دجنبر
. شباط آذار/اذار نيسان أيار/ايار حزيران تموز آب أيلول/ايلول . . .
ژانویه فوریه مارس آوریل مه/می ژوئن ژوئیه/جولای اوت/آگوست سپتامبر اکتبر نوامبر دسامبر
جنوری فروری مارچ اپریل مئی جون جولائی اگست ستمبر اکتوبر نومبر دسمبر
ינואר/בינואר פברואר/בפברואר מרץ/במרץ אפריל/באפריל מאי/במאי יוני/ביוני יולי/ביולי אוגוסט/באוגוסט ספטמבר/בספטמבר אוקטובר/באוקטובר נובמבר/בנובמבר דצמבר/בדצמבר
जनवरी/जन फरवरी/फ़रवरी/फर मार्च अप्रैल मई/मे जून जुलाई/जुलै अगस्त/ऑगस्ट सितंबर/सितम्बर/सप्टेंबर अक्टूबर/अक्तूबर/ऑक्टोबर नवंबर/नवम्बर/नोव्हेंबर दिसंबर/दिसम्बर/डिसेंबर
জানুয়ারি/জানুয়ারী ফেব্রুয়ারি/ফেব্রুয়ারী মার্চ এপ্রিল মে জুন জুলাই আগস্ট/আগষ্ট সেপ্টেম্বর অক্টোবর নভেম্বর ডিসেম্বর
ஜனவரி பிப்ரவரி மார்ச் ஏப்ரல் மே ஜூன் ஜூலை ஆகஸ்ட் செப்டம்பர் அக்டோபர் நவம்பர் டிசம்பர்
มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม`

// otherDateWords are the other words of a line with a date, by what they mean.
var otherDateWords = []struct {
	class dateWord
	words string
}{
	{wordFiller, "st nd rd th er º ª ος η of the on den der le del de do da di dia día il la el a à la na i o u og em om um im m d dne dnia g г года год р рік року j yil jour t ngày ที่ เมื่อ ja vom kell orari hrs hours hod hodin"},
	{wordWeekday, "monday mon tuesday tue tues wednesday wed thursday thu thur thurs friday fri saturday sat sunday sun montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo mi do fr sa so lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves viernes sábado domingo lunedì martedì mercoledì giovedì venerdì domenica segunda terça quarta quinta sexta feira maandag dinsdag woensdag donderdag vrijdag zaterdag zondag poniedziałek wtorek środa czwartek piątek sobota niedziela pondělí úterý středa čtvrtek pátek neděle måndag tisdag onsdag torsdag fredag lördag söndag mandag tirsdag lørdag søndag maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai pazartesi salı çarşamba perşembe cuma cumartesi pazar senin selasa rabu kamis jumat sabtu minggu понедельник вторник среда четверг пятница суббота воскресенье понеділок вівторок середа п'ятниця субота неділя δευτέρα τρίτη τετάρτη πέμπτη παρασκευή σάββατο κυριακή hétfő kedd szerda csütörtök péntek szombat vasárnap luni marți miercuri joi vineri sâmbătă duminică الاثنين الإثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد सोमवार मंगलवार बुधवार गुरुवार शुक्रवार शनिवार रविवार 월요일 화요일 수요일 목요일 금요일 토요일 일요일 月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日 星期一 星期二 星期三 星期四 星期五 星期六 星期日"},
	{wordAM, "am 오전 午前 上午 öö πμ ص"},
	{wordPM, "pm 오후 午後 下午 öä μμ م"},
	{wordClock, "uhr uur"},
	{wordAt, "kl klo klokken v klukkan pukul jam godz godzina at um à às alle ore ob om ora saat в о час 時刻"},
	{wordPublished, "published publish posted released release issued created written added dated pubdate publication veröffentlicht veröffentlichung veröffentlichungsdatum erschienen erschien erscheinungsdatum erstellt publiziert online publié publiée parution paru publicado publicada publicación publicação postado criado pubblicato pubblicata pubblicazione gepubliceerd geplaatst publicatie publicatiedatum opublikowano publikacja publikacji dodano utworzono publicerad publicerat publicerades publisert publiceret udgivet lagt julkaistu vydáno publikováno zveřejněno publikované zverejnené objavljeno објављено publikovano опубликовано опубликована публикация публикации опубліковано публікації публикувано дата δημοσιεύθηκε δημοσιεύτηκε δημοσίευση közzétéve megjelent publicat yayınlanma yayın eklenme giriş tarih tarihi dipublikasikan diterbitkan terbit imechapishwa ishicilelwe prikazano نشر نشرت النشر تاريخ انتشار פורסם פורסמה תאריך प्रकाशित 발행 발행일 입력 등록 등록일 게시 작성 승인 発表 掲載 公開 配信 公開日 投稿日 発表日 发布 发表 發布 發表 时间 時間 birt útgefið date datum fecha data dato dátum dată päivämäärä"},
	{wordUpdated, "updated update modified edited revised changed aktualisiert aktualisierung geändert änderung änderungsdatum überarbeitet bearbeitet stand mis modifié modifiée modification actualisé actualizado actualizada actualización modificado modificada modificación editado atualizado atualizada atualização aggiornato aggiornata aggiornamento modificato bijgewerkt gewijzigd aangepast update zaktualizowano aktualizacja aktualizováno aktualizované upraveno uppdaterad uppdaterat uppdaterades ändrad oppdatert endret opdateret ændret päivitetty muokattu обновлено обновлена изменено изменён оновлено актуализирано ажурирано ažurirano ενημερώθηκε ενημέρωση frissítve módosítva actualizat actualizată güncelleme güncellenme güncellendi diperbarui diupdate imesasishwa تحديث التحديث حدث עודכן עדכון अपडेट अद्यतन 수정 최종수정 업데이트 更新 更新日 最終更新 uppfært kemaskini"},
	{wordCopyright, "copyright"},
	{wordEvent, "termin termine event beginn beginnt start starts startet anmeldeschluss registriert registered joined member mitglied gültig valid until bis expires ends deadline evento inicio début fin"},
	{wordYear, "年 년 năm"},
	{wordMonth, "月 월 tháng"},
	{wordDay, "日 일"},
	{wordHour, "時 时 點 点 시"},
	{wordMinute, "分 분"},
	{wordSecond, "秒 초"},
	{wordAutumn, "تشرين"},
	{wordWinter, "كانون"},
	{wordFirst, "الأول الاول"},
	{wordSecondOf, "الثاني"},
}

// dateWords has the meaning of every word above.
var dateWords = dateWordIndex()

func dateWordIndex() map[string]dateWord {
	m := make(map[string]dateWord, 1600)
	for _, o := range otherDateWords {
		for w := range strings.FieldsSeq(o.words) {
			if _, ok := m[w]; !ok {
				m[w] = o.class
			}
		}
	}
	for row := range strings.Lines(monthNames) {
		month := dateWord(0)
		for names := range strings.FieldsSeq(row) {
			month++
			for name := range strings.SplitSeq(names, "/") {
				if name != "." {
					m[name] = month
				}
			}
		}
	}
	for z := range zoneWords {
		if _, ok := m[z]; !ok {
			m[z] = wordZone
		}
	}
	return m
}

// zoneWords are the abbreviations of time zones that say one thing in the news,
// with their offsets in minutes. "et" and "pt" say no season: see zoneSeason.
var zoneWords = map[string]int{
	"utc": 0, "gmt": 0, "z": 0, "bst": 60, "cet": 60, "mez": 60, "cest": 120, "mesz": 120, "eet": 120, "eest": 180, "msk": 180, "мск": 180, "sast": 120, "ist": 330, "pkt": 300, "wib": 420, "wita": 480, "sgt": 480, "hkt": 480, "awst": 480, "jst": 540, "kst": 540, "aest": 600, "aedt": 660, "acst": 570, "nzst": 720, "nzdt": 780,
	"est": -300, "edt": -240, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "akst": -540, "hst": -600, "brt": -180, "et": -300, "ct": -360, "pt": -480,
}

// lowerWord writes s in lower case into buf; too long a word gives nothing.
func lowerWord(s string, buf *[48]byte) []byte {
	n := 0
	for _, r := range s {
		if n+utf8.UTFMax > len(buf) {
			return nil
		}
		if r < utf8.RuneSelf {
			if 'A' <= r && r <= 'Z' {
				r |= 0x20
			}
			buf[n] = byte(r)
			n++
			continue
		}
		n += utf8.EncodeRune(buf[n:], unicode.ToLower(r))
	}
	return buf[:n]
}

// dateWordOf returns what a word means and, for a zone, its offset in minutes.
func dateWordOf(s string) (class dateWord, offset int) {
	var buf [48]byte
	w := lowerWord(s, &buf)
	class = dateWords[string(w)]
	if class == wordZone {
		offset = zoneWords[string(w)]
	}
	return class, offset
}

// seasonal reports whether a zone word names the zone and not the season.
func seasonal(s string) bool {
	return len(s) == 2 && (s[1]|0x20) == 't' && (s[0]|0x20 == 'e' || s[0]|0x20 == 'p' || s[0]|0x20 == 'c')
}

// month returns the month that the class stands for, or 0.
func (w dateWord) month() time.Month {
	if w >= 1 && w <= 12 {
		return time.Month(w)
	}
	return 0
}
