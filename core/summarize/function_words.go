package summarize

import (
	"strings"
	"sync"
)

// functionWords are the commonest words of languages that share a script. They
// tell the languages apart and sentence openings from names; no ranking of
// sentences reads them.
var functionWords = []struct{ code, script, words string }{
	{"en", "Latin", `the of and to in a i is that it for was with as be on are this by at from or have an not they which
		but were has had their its we you he she his her will would can there been if when what who more these than
		all also after however our my your no so do does about into only other some such`},
	{"de", "Latin", `der die das und in den von zu mit ist des sich auf für dem nicht ein eine als auch es an werden aus
		er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur
		bis mehr durch man sein wurde wenn kann ich wir ihr diese dieser dieses unter keine`},
	{"fr", "Latin", `le la les de des du et en un une est que qui dans pour pas au aux sur par plus ce cette ces il elle
		ils elles ne se avec sont mais ou on son sa ses leur leurs été être avait ont nous vous je comme tout fait
		à où même aussi entre sans sous après deux`},
	{"es", "Latin", `el la los las de del y en un una que es se por con para no al lo su sus como más o pero este esta
		estos estas fue son ha han ser entre cuando muy sin sobre también hasta hay desde todo está nos ya ella ellos
		donde quien porque según durante uno`},
	{"pt", "Latin", `o a os as de do da dos das e em no na nos nas um uma que é se por com para não ao à mais como mas
		foi são ser entre quando muito sem sobre também até há ele ela eles seu sua seus suas pelo pela está isso este
		esta ou já depois você nós`},
	{"it", "Latin", `il lo la i gli le di del della dei delle e in un una che è per con non si da dal dalla sono come
		più ma anche nel nella al alla ai alle questo questa su sul suo sua ha hanno era essere o se ci loro tra dopo
		perché quando ed lui lei noi`},
	{"nl", "Latin", `de het een en van in is dat op te zijn met voor niet die aan er om ook als dan maar bij door naar
		uit hij zij ze wordt was heeft hebben werd over nog tot deze dit wel geen kan meer hun of je wij ik`},
	{"sv", "Latin", `och i att det som en på är av för med till den har de inte om ett han men var sig från vi så kan
		när år under också efter eller nu där vid mot ska skulle kommer ut får finns vara hade alla andra`},
	{"da", "Latin", `og i at det som en på er af for med til den har de ikke om et han men var sig fra vi så kan når
		år under også efter eller nu der ved mod skal skulle kommer ud får være havde blev alle andre hun jeg`},
	{"pl", "Latin", `i w na z do się nie że jest to o jak po co dla od za przez ale są był była było być tym tego
		które który która oraz lub może także już przy ich jego jej ze czy tylko pod`},
	{"cs", "Latin", `a v na je se že z do to s o k i ve pro jako za by po jsou ale od podle si tak které který která
		jeho byl byla bylo být při jen nebo také až než mezi před není`},
	{"ro", "Latin", `și de la în cu nu o pe că din a al pentru este un care mai se sau fost au prin după să lui ale
		sunt fi dar ce acest această cel cea unei unui între`},
	{"tr", "Latin", `ve bir bu da de için ile olarak çok daha olan gibi kadar sonra en ne ki var o ise mi ya her
		olduğu göre değil ancak tarafından ben biz`},
	{"fi", "Latin", `ja on ei se että oli hän mutta ovat joka kun myös niin kuin sen ole tai jos sitä hänen mitä vain
		nyt ovat olla ne tämä tämän siitä jo sekä`},
	{"hu", "Latin", `a az és hogy nem is egy ez meg volt csak de már mint ha még el azt vagy ezt kell van lesz
		után szerint között minden pedig`},
	{"id", "Latin", `yang dan di dari untuk dengan pada ini itu dalam adalah tidak ke akan oleh juga atau sebagai
		telah dapat lebih mereka karena ada bisa kami saya`},
	{"vi", "Latin", `và của là các có được cho không trong một với những để này người đã khi từ đến về như cũng ra
		tại theo nhiều bị`},
	{"ru", "Cyrillic", `и в не на что с по как из за это к а его для от но они мы он она было был быть или так же
		при также до если который которые которая только уже их ее её во со об этот эта эти был были есть чтобы`},
	{"uk", "Cyrillic", `і в не на що з та до у як за це від його для але вони ми він вона було був бути або так же
		при також якщо який які яка тільки вже їх її про цей ця ці були є щоб й зі під`},
	{"bg", "Cyrillic", `и на да в за се от не е с че по са към като това или но той тя те при до ще беше който която
		което които също след има само този тази тези`},
	{"sr", "Cyrillic", `и у је на да се за са од који која које су не као или али из по то до што био била овај ова
		ово због може`},
	{"ar", "Arabic", `في من على إلى أن عن هذا هذه التي الذي مع ما لا كان كانت قد أو بين بعد ذلك كل وقد ثم هو هي كما
		وفي عند لم لن إن أي غير حتى منذ تم`},
	{"fa", "Arabic", `در و به از که این را با است برای آن یک می بر تا شد شده خود هم ها های او نیز کرد بود باید ما
		اما یا هر کند دارد شود می‌شود`},
	{"ur", "Arabic", `کے میں کی ہے کا اور سے کو نے کہ یہ پر بھی ہیں اس ایک کر تھا تو جو نہیں وہ گیا ہو لیے`},
}

// functionWordIndex maps a word to the codes of the languages it belongs to.
var functionWordIndex = sync.OnceValue(func() map[string][]string {
	index := map[string][]string{}
	for _, l := range functionWords {
		seen := map[string]bool{}
		for _, w := range strings.Fields(l.words) {
			if !seen[w] {
				index[w] = append(index[w], l.code)
			}
			seen[w] = true
		}
	}
	return index
})

func isFunctionWord(folded string) bool {
	return len(functionWordIndex()[folded]) > 0
}
