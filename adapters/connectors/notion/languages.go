package notion

import "strings"

// fenceLanguages are Notion's names of languages that are called otherwise in Markdown.
var fenceLanguages = map[string]string{
	"plain text": "", "ascii art": "", "notion formula": "",
	"c++": "cpp", "c#": "csharp", "f#": "fsharp", "vb.net": "vbnet", "visual basic": "vb",
	"java/c/c++/c#": "java", "objective-c": "objectivec", "llvm ir": "llvm",
}

// fenceLanguage returns what a language is called in Markdown.
func fenceLanguage(name string) string {
	name = strings.ToLower(name)
	if fence, ok := fenceLanguages[name]; ok {
		return fence
	}
	return name
}
