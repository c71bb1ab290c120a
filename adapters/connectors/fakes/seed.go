package fakes

import (
	"fmt"
	"strings"
)

// The seeds are the small world that docsctl dev fakes shows: a ferry company, in
// all three systems. It has enough pages to be listed in several answers.

// seedTopic is one page of a handbook.
type seedTopic struct {
	title string
	lines []string
}

func seedTopics() []seedTopic {
	return []seedTopic{
		{"Morning departure", []string{
			"The first ferry leaves Port Alba at 06:10, from Monday to Saturday.",
			"The bridge crew is aboard 45 minutes before, the deck crew 30 minutes before.",
			"If wind stands above 18 m/s at the breakwater, the captain calls the harbour office before 05:30.",
		}},
		{"Ticket refunds", []string{
			"A ticket that was not used is refunded in full until 24 hours before departure.",
			"Later, half of the price is refunded; after departure nothing is.",
			"A cancelled crossing is always refunded in full, to the card that paid, within 5 days.",
		}},
		{"Fuel and bunkering", []string{
			"The Alba takes 40 tonnes of marine gas oil every second Thursday.",
			"No passengers are aboard while fuel is taken, and the fire watch stands at the manifold.",
			"The log is signed by the chief engineer and the supplier.",
		}},
		{"Winter timetable", []string{
			"From 1 November to 31 March the evening crossing leaves at 17:40 instead of 19:15.",
			"The lounge on deck 5 stays closed, which saves 12 kW of heating.",
		}},
		{"Lost property", []string{
			"What is found aboard goes to the purser, with a label that says where and when.",
			"After 60 days it is given to the harbour mission; passports go to the police after 3 days.",
		}},
		{"Onboarding of deck crew", []string{
			"The first week is spent with a mentor, on all three shifts.",
			"Safety drills are on the first day: lifeboat, fire, man overboard.",
			"Keys and radio are signed for at the office in Quay Street 4.",
		}},
		{"Incident of 14 March", []string{
			"At 08:52 the bow door sensor reported open while the door was closed.",
			"The cause was water in a connector; both connectors were replaced by sealed ones on 16 March.",
			"Forty passengers missed their train; each got a taxi voucher.",
		}},
		{"Radio channels", []string{
			"Channel 12 is the harbour office, channel 16 is distress, channel 72 is between our ships.",
		}},
	}
}

// SeedNotion fills a fake Notion.
func SeedNotion(n *Notion) {
	home := n.AddPage(NotionPage{Title: "Alba Ferries handbook", Blocks: []NotionBlock{
		notionTextBlock("heading_1", "Welcome"), NotionParagraph("Everything that a crew needs to know, and where it is written."),
	}})
	for i, t := range seedTopics() {
		n.AddPage(NotionPage{Title: t.title, Parent: home, Blocks: seedBlocks(t), Unlisted: i%4 == 3})
	}
	long := NotionPage{Title: "Ship's log, spring", Parent: home}
	for day := range 130 {
		long.Blocks = append(long.Blocks, NotionParagraph(fmt.Sprintf("Day %d: %d crossings, %d passengers.", day+1, 4+day%3, 310+day*7%190)))
	}
	n.AddPage(long)
	_, sources := n.AddDatabase(home, "Maintenance", "Open tasks", "Done")
	for i := range 14 {
		n.AddPage(NotionPage{
			Title: fmt.Sprintf("Task %d: inspect winch %c", i+1, 'A'+rune(i)), Parent: sources[i%2], Unlisted: i%3 == 0,
			Properties: map[string]any{
				"State":  object{"id": "st%3A1", "type": "select", "select": object{"id": "s1", "name": []string{"Open", "Done"}[i%2], "color": "blue"}},
				"Urgent": object{"id": "ur%3A1", "type": "checkbox", "checkbox": i%5 == 0},
				"Hours":  object{"id": "ho%3A1", "type": "number", "number": float64(i) + 0.5},
			},
			Blocks: []NotionBlock{NotionParagraph("Grease, load test to 1.5 t, sign the card.")},
		})
	}
	n.Trash(n.AddPage(NotionPage{Title: "Timetable of last year", Parent: home, Blocks: []NotionBlock{NotionParagraph("Out of date.")}}))
}

func seedBlocks(t seedTopic) []NotionBlock {
	blocks := []NotionBlock{
		{Type: "callout", Value: object{"rich_text": NotionText("Checked by the harbour office."), "icon": object{"type": "emoji", "emoji": "⚓"}, "color": "blue_background"}},
		notionTextBlock("heading_2", "In short"),
	}
	for _, line := range t.lines {
		blocks = append(blocks, notionTextBlock("bulleted_list_item", line))
	}
	cell := func(s string) any { return NotionText(s) }
	return append(blocks,
		notionTextBlock("toggle", "Who to ask", NotionParagraph("The purser on duty, channel 72.")),
		NotionBlock{Type: "to_do", Value: object{"rich_text": NotionText("Read and signed"), "checked": false, "color": "default"}},
		NotionBlock{
			Type: "table", Value: object{"table_width": 2, "has_column_header": true, "has_row_header": false},
			Children: []NotionBlock{
				{Type: "table_row", Value: object{"cells": []any{cell("Version"), cell("Valid from")}}},
				{Type: "table_row", Value: object{"cells": []any{cell("3"), cell("2026-04-01")}}},
			},
		},
		NotionBlock{Type: "divider", Value: object{}},
		NotionBlock{Type: "code", Value: object{"rich_text": NotionText("alba timetable --today"), "language": "shell", "caption": []any{}}},
	)
}

// SeedConfluence fills a fake Confluence.
func SeedConfluence(f *Confluence) {
	for _, space := range [][2]string{{"OPS", "Operations"}, {"CREW", "Crew"}} {
		f.AddSpace(space[0], space[1])
		for i, t := range seedTopics() {
			p := ConfluencePage{Space: space[0], Title: t.title, Storage: seedStorage(t)}
			if i == 2 {
				p.Files = []string{"bunker plan.pdf"}
			}
			f.AddPage(p)
		}
	}
	f.Trash(f.AddPage(ConfluencePage{Space: "OPS", Title: "Timetable of last year", Storage: "<p>Out of date.</p>"}))
	f.Archive(f.AddPage(ConfluencePage{Space: "OPS", Title: "Timetable of 2019", Storage: "<p>For the record.</p>"}))
}

func seedStorage(t seedTopic) string {
	var b strings.Builder
	b.WriteString(`<ac:structured-macro ac:name="info" ac:schema-version="1"><ac:rich-text-body><p>Checked by the harbour office.</p></ac:rich-text-body></ac:structured-macro>`)
	b.WriteString("<h2>In short</h2><ul>")
	for _, line := range t.lines {
		b.WriteString("<li><p>" + line + "</p></li>")
	}
	b.WriteString(`</ul><ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>Read and signed</ac:task-body></ac:task></ac:task-list>`)
	b.WriteString(`<table><tbody><tr><th><p>Version</p></th><th><p>Valid from</p></th></tr><tr><td><p>3</p></td><td><p><time datetime="2026-04-01" /></p></td></tr></tbody></table>`)
	b.WriteString(`<ac:structured-macro ac:name="code" ac:schema-version="1"><ac:parameter ac:name="language">bash</ac:parameter><ac:plain-text-body><![CDATA[alba timetable --today]]></ac:plain-text-body></ac:structured-macro>`)
	b.WriteString(`<p>Questions to <ac:link><ri:user ri:account-id="` + ada.AccountID + `" ri:userkey="` + ada.UserKey + `" /></ac:link>, or see <ac:link><ri:page ri:content-title="Radio channels" /></ac:link>.</p>`)
	return b.String()
}

// SeedGuru fills a fake Guru.
func SeedGuru(g *Guru) {
	for _, name := range []string{"Passengers", "Crew"} {
		collection := g.AddCollection(name)
		for _, t := range seedTopics() {
			g.AddCard(GuruCard{Collection: collection, Title: t.title, Content: seedHTML(t), Tags: []string{"handbook"}})
		}
	}
	g.AddCard(GuruCard{Title: "Phone numbers", Content: "**Harbour office**: 555 0110\n\n- Purser: 555 0111\n- Bridge: 555 0112\n"})
	g.Archive(g.AddCard(GuruCard{Title: "Timetable of last year", Content: "<p>Out of date.</p>"}))
}

func seedHTML(t seedTopic) string {
	var b strings.Builder
	b.WriteString(`<section class="ghq-card-content__callout" data-ghq-card-content-type="CALLOUT" data-ghq-color="blue"><p>Checked by the harbour office.</p></section><ul>`)
	for _, line := range t.lines {
		b.WriteString("<li>" + line + "</li>")
	}
	b.WriteString("</ul>")
	return b.String()
}
