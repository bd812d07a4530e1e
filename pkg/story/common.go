package story

import "strings"

// commonWords are the words that most articles of a language have, and the
// commonest of the news. They keep the first articles of a language from being
// alike for no reason; after some dozens the counts know better.
func commonWords(lang string) string {
	switch lang {
	case "en":
		return "the of to and a in that is was for on with he it as at his by be from are have has had not but this they who which an were their its or will would she her him been more one after about also when there than out up we you i if what all over into some could can two other new no so before last first now only most said says say told according people year years time day days week monday tuesday wednesday thursday friday saturday sunday officials government police president state news report reported"
	case "de":
		return "der die das und in den von zu mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man sein wurde sagte wir ich ihr seine seit gegen vom können schon wenn habe ihre dann unter soll jahr jahre jahren uhr montag dienstag mittwoch donnerstag freitag samstag sonntag"
	case "fr":
		return "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont avec son ont été cette aux mais comme ses nous elle ou leur fait deux même d l qu n s c y je on après aussi être entre sans selon depuis ans lundi mardi mercredi jeudi vendredi samedi dimanche"
	case "es":
		return "de la que el en y a los del se las por un para con no una su al lo como más o pero sus le ha me sin sobre este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está han según tras lunes martes miércoles jueves viernes sábado domingo"
	case "pt":
		return "de a o que e do da em um para com não uma os no se na por mais as dos como mas foi ao ele das tem seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos ter seus anos segundo disse"
	case "it":
		return "di e il la che in a per un del è non una i con si da le della al dei come ma nel più alla su lo anche sono gli ha delle ed dal o ai se ci dalla questo stato loro essere due anni dopo ancora tra prima hanno dell nella ha"
	case "nl":
		return "de het een van en in is dat op te zijn met voor niet die aan er om ook als maar door bij dan over nog uit naar heeft hij ze worden wordt werd was geen hebben had tot meer of deze dit jaar volgens"
	case "sv", "no", "nb", "nn", "da":
		return "och og i att at det som en på är er av för for med till til den har de inte ikke om ett et men var jag jeg sig seg vi så eller han hon hun kan efter etter efter vid ved från fra også også nu nå år mot när når ut över over blir bliver skal ska"
	case "pl":
		return "w i na z się do nie że to o jest po jak a od za przez ale dla który która które są ze był było była by tego tym już tak oraz jego też może lat roku został"
	case "cs", "sk":
		return "a v se na je že o s z do i to k ve pro za by ale si po jsou jako podle od který která které byl bylo byla už však také sa nie so pri aj ako"
	case "tr":
		return "ve bir bu da de için ile olarak çok daha olan gibi en kadar sonra ise ne ki var değil her o dedi yeni ya göre"
	case "ru":
		return "и в не на что с по как из за к о он от это а для но его у до при так же был было бы все также после года году или их она мы она если уже том об"
	case "uk":
		return "і в не на що з та до як за у про від це він а для але його по при так був було які після року або їх також"
	case "vi":
		return "và của là có trong các được cho với không một những này người để khi đã ra đến về ở từ tại năm theo vào như sau đó còn nhiều ông trên cũng nhưng sẽ ngày bị phải hơn hai lại việc nước do thì mà rất anh chị đang làm nên cả"
	case "id", "ms":
		return "yang di dan ini itu dengan untuk dari dalam pada tidak akan ke juga oleh adalah ada telah karena sebagai mereka bisa saat lebih tersebut kata dia kami hari tahun orang"
	case "ar":
		return "في من على أن إلى عن التي ما هذا مع كان لا الذي هذه بعد كما بين قد لم كل أو قال خلال إن"
	}
	return ""
}

// priorShare is in how many of priorDocs a common word is taken to have been.
const priorShare = 0.5

// seed gives a language its common words.
func (t *termTable) seed(lang string) {
	seed := hashString(fnvOffset, lang)
	for word := range strings.FieldsSeq(commonWords(lang)) {
		key, _, _ := hashWord(seed, word, 0)
		t.raise(key, uint32(priorShare*priorDocs))
	}
}
