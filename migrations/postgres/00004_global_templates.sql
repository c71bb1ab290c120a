-- The templates of the product, newest first in lists as they stand here. Ids and
-- texts are the same in every store.

-- +goose Up

-- Read by every organization and written by migrations only.
create table global_templates (
    id              uuid primary key,
    name            text not null,
    description     text not null,
    prompt_template text not null,
    template_type   text not null,
    format          text not null,
    focus           boolean not null,
    version         integer not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null
);
grant select on global_templates to ${app};

insert into global_templates (id, name, description, prompt_template, template_type, format, focus, version, created_at, updated_at) values (
'01920000-0000-7000-8000-000000000001',
'Executive summary',
'What a busy decision maker needs: the conclusion first, then the reasons, figures, risks and open decisions.',
'Write an executive summary of the document "{{title}}" for a decision maker who will not read the document itself.

Begin with the most important conclusion or result in one or two sentences. Then give what supports it: the main reasons, the figures with their units and dates, who is responsible, and what it means for the reader. End with risks, open questions and decisions that are asked for, if the document names any.

Use only what the document says. Keep names, numbers and dates exactly as they are written. Say plainly where the document is uncertain or contradicts itself. Leave out introductions about the document, praise and repetition.

Format: {{format}}
Language, where one is named; else the language of the document: {{language}}

Document:
{{content}}',
'summary', 'markdown', false, 1, '2025-01-01 00:00:05+00', '2025-01-01 00:00:05+00');

insert into global_templates (id, name, description, prompt_template, template_type, format, focus, version, created_at, updated_at) values (
'01920000-0000-7000-8000-000000000002',
'Key points',
'The main statements as a list, each one understandable alone, in the order of their importance.',
'List the key points of the document "{{title}}".

Each point is one statement of at most two sentences that can be understood without the others. Put the most important point first. Prefer findings, decisions, figures, deadlines and changes to background. Merge points that say the same; leave out examples unless an example is the point.

Use only what the document says. Keep names, numbers and dates exactly as they are written.

Format: {{format}}
Language, where one is named; else the language of the document: {{language}}

Document:
{{content}}',
'summary', 'bullets', false, 1, '2025-01-01 00:00:04+00', '2025-01-01 00:00:04+00');

insert into global_templates (id, name, description, prompt_template, template_type, format, focus, version, created_at, updated_at) values (
'01920000-0000-7000-8000-000000000003',
'Action items',
'Who has to do what until when, as the document says it, with what is still open.',
'List every action item in the document "{{title}}": each task, commitment, request, decision to be carried out, and question that somebody has to answer.

Write one action per point, beginning with a verb. Name who is responsible and until when, exactly as the document does; write "nobody named" or "no date" where it does not. Add what an action depends on, if that is said. Put actions with a date first, earliest first. Leave out what has been done already and anything that is only a wish or an opinion.

Do not invent actions, people or dates. If the document asks nothing of anybody, say so in one sentence.

Format: {{format}}
Language, where one is named; else the language of the document: {{language}}

Document:
{{content}}',
'summary', 'bullets', true, 1, '2025-01-01 00:00:03+00', '2025-01-01 00:00:03+00');

insert into global_templates (id, name, description, prompt_template, template_type, format, focus, version, created_at, updated_at) values (
'01920000-0000-7000-8000-000000000004',
'TL;DR',
'The whole document in at most three sentences of plain words.',
'Say what the document "{{title}}" comes down to, in at most three short sentences of plain words.

The first sentence alone must tell a reader whether the document concerns them: what it is about and what its result is. The others add the one or two facts that change what the reader does. Use no jargon that the document does not need, no lists and no headings.

Use only what the document says. Keep names, numbers and dates exactly as they are written.

Format: {{format}}
Language, where one is named; else the language of the document: {{language}}

Document:
{{content}}',
'summary', 'markdown', false, 1, '2025-01-01 00:00:02+00', '2025-01-01 00:00:02+00');

insert into global_templates (id, name, description, prompt_template, template_type, format, focus, version, created_at, updated_at) values (
'01920000-0000-7000-8000-000000000005',
'Technical abstract',
'An abstract for specialists: problem, approach, results with their figures, limits.',
'Write a technical abstract of the document "{{title}}" for specialists of its field.

Cover, in this order and as far as the document does: the problem and why it matters, the approach or design and what it rests on, the results with their figures, units and conditions, and the limits, trade-offs and open problems. Use the terms of the document and do not explain what specialists know. Name methods, components, versions and standards exactly. Keep apart what was measured from what is assumed or planned.

Use only what the document says. Write continuous text without headings.

Format: {{format}}
Language, where one is named; else the language of the document: {{language}}

Document:
{{content}}',
'summary', 'markdown', false, 1, '2025-01-01 00:00:01+00', '2025-01-01 00:00:01+00');

-- +goose Down
drop table global_templates;
