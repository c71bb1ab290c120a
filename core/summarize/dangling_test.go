package summarize

import "testing"

func TestDangles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"It lost money.": true, "He's late.": true, "\"They left,\" she said.": true, "This is why.": true,
		"This document describes trains.": false, "That would help.": true, "These cars are new.": false,
		"Item one is here.": false, "The train left.": false,
		"Sie ersetzt alles.": true, "Dies gilt nicht.": true, "Dieses Archiv ist neu.": false,
		"Ils ont reçu une aide.": true, "C'est fini.": true, "Ce moulin tourne.": false,
		"Ella fue agricultora.": true, "Esto es todo.": true, "Este huerto es nuevo.": false,
		"Она работает.": true, "Это было вчера.": true, "Это здание новое.": false,
		"هو هنا.": true, "هذا السوق جديد.": false,
		"它将连接大学。": true, "工程开始。": false, "これは半分だ。": true, "島は小さい。": false,
		"": false, "…": false,
	} {
		if got := dangles(text); got != want {
			t.Errorf("dangles(%q) = %v, want %v", text, got, want)
		}
	}
}
